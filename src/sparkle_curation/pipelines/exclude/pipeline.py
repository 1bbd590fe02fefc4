"""The wiring of ``exclude``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.exclude.nodes import find_clip, remove_clip


def create_pipeline() -> Pipeline:
    """The clip is found in the release, then in what was made of it."""
    return Pipeline(
        [
            Node(
                find_clip,
                inputs=[
                    "params:exclude",
                    "release",
                    "removal_place",
                    "known_media",
                    "known_frame_hashes",
                    "params:near_duplicates",
                    "benchmark",
                ],
                outputs="removal",
                name="find_clip",
            ),
            Node(
                remove_clip,
                inputs=["params:exclude", "release", "removal_place", "removal"],
                outputs="exclusion_plan",
                name="remove_clip",
            ),
        ],
        tags="exclude",
    )
