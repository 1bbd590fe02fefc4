"""The wiring of ``edges``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.edges.nodes import count_edges, list_made_assets, make_edges


def create_pipeline() -> Pipeline:
    """Control videos are made; what was made stands as assets and media of its own, and is counted."""
    return Pipeline(
        [
            Node(
                unite_media,
                inputs=["asset_store", "media", "made_media_track", "made_media_background_video"],
                outputs="edges_media",
                name="unite_media",
            ),
            Node(
                make_edges,
                inputs=[
                    "edges_media",
                    "media",
                    "asset_store",
                    "made_media_root",
                    "edges_journal",
                    "params:edges",
                    "params:dry_run",
                ],
                outputs="edges",
                name="make_edges",
            ),
            Node(
                list_made_assets,
                inputs=["edges", "made_media_root"],
                outputs=["made_assets_edges", "made_media_edges"],
                name="list_made_assets",
            ),
            Node(count_edges, inputs=["edges"], outputs="edge_counts", name="count_edges"),
        ],
        tags="edges",
    )
