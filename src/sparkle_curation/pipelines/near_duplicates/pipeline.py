"""The wiring of ``near_duplicates``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.near_duplicates.nodes import (
    count_twins,
    find_duplicates,
    group_samples,
    hash_first_frames,
)


def create_pipeline() -> Pipeline:
    """First frames are hashed, samples grouped by clip, and duplicates and groups counted."""
    return Pipeline(
        [
            Node(
                hash_first_frames,
                inputs=["media", "asset_store", "twins_journal", "params:twins"],
                outputs="frame_hashes",
                name="hash_first_frames",
            ),
            Node(
                group_samples,
                inputs=["media", "frame_hashes", "params:twins"],
                outputs="sample_groups",
                name="group_samples",
            ),
            Node(
                find_duplicates,
                inputs=["annotations", "sample_groups"],
                outputs="duplicates",
                name="find_duplicates",
            ),
            Node(
                count_twins,
                inputs=["sample_groups", "frame_hashes", "duplicates", "params:twins"],
                outputs="twin_counts",
                name="count_twins",
            ),
        ],
        tags="near_duplicates",
    )
