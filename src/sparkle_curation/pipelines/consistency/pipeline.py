"""The wiring of ``consistency``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.consistency.nodes import check_consistency, count_inconsistencies


def create_pipeline() -> Pipeline:
    """Each sample's assets are compared with each other; then failures are counted."""
    return Pipeline(
        [
            Node(
                unite_media,
                inputs=["asset_store", "media", "made_media_track", "made_media_edges"],
                outputs="consistency_media",
                name="unite_media",
            ),
            Node(
                check_consistency,
                inputs=[
                    "consistency_media",
                    "grounding_r1",
                    "grounding_r2",
                    "asset_store",
                    "consistency_journal",
                    "params:consistency",
                ],
                outputs="consistency",
                name="check_consistency",
            ),
            Node(
                count_inconsistencies,
                inputs=["consistency", "params:consistency"],
                outputs="consistency_counts",
                name="count_inconsistencies",
            ),
        ],
        tags="consistency",
    )
