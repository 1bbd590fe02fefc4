"""The wiring of ``near_duplicates``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.near_duplicates.nodes import (
    count_near_duplicates,
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
                inputs=["media", "asset_store", "near_duplicates_journal", "params:near_duplicates"],
                outputs="frame_hashes",
                name="hash_first_frames",
            ),
            Node(
                group_samples,
                inputs=["media", "frame_hashes", "params:near_duplicates"],
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
                count_near_duplicates,
                inputs=["sample_groups", "frame_hashes", "duplicates", "params:near_duplicates"],
                outputs="near_duplicate_counts",
                name="count_near_duplicates",
            ),
        ],
        tags="near_duplicates",
    )
