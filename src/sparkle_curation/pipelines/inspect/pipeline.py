"""The wiring of ``inspect``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.inspect.nodes import count_media, locate_boxes, probe_assets


def create_pipeline() -> Pipeline:
    """Each asset is probed once; then they are counted, and boxes located on the videos."""
    return Pipeline(
        [
            Node(
                probe_assets,
                inputs=["release", "assets", "media_fingerprints", "inspect_journal", "params:inspect"],
                outputs="media",
                name="probe_assets",
            ),
            Node(
                count_media,
                inputs=["assets", "media", "params:inspect"],
                outputs="media_counts",
                name="count_media",
            ),
            Node(
                locate_boxes,
                inputs=["grounding_r1", "grounding_r2", "media", "grounding_fingerprints"],
                outputs="grounding_boxes",
                name="locate_boxes",
            ),
        ],
        tags="inspect",
    )
