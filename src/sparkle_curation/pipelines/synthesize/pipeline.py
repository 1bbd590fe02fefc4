"""The wiring of ``synthesize``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.synthesize.nodes import draw_generated
from sparkle_curation.stages.generation.nodes import (
    choose_maker,
    count_generated,
    generate_assets,
    list_generated,
    list_wanted,
)

_PARAMS = "params:synthesize"
_TABLE = "generated_synthesize"


def create_pipeline() -> Pipeline:
    """Each edited first frame becomes a video with given edges; what was made is listed, counted and drawn."""
    told = ["new_samples", "new_instructions", "told_progress"]
    store = ["asset_store", "made_media_root"]
    return Pipeline(
        [
            Node(
                unite_media,
                inputs=["asset_store", "media", "made_media_edit_frame0", "made_media_edges"],
                outputs="generation_synthesize_media",
                name="synthesize.unite_media",
            ),
            Node(
                choose_maker,
                inputs=[_PARAMS, *store],
                outputs="generation_synthesize_maker",
                name="synthesize.choose_maker",
            ),
            Node(
                list_wanted,
                inputs=[*told, _PARAMS, "generation_synthesize_media"],
                outputs="generation_synthesize_wanted",
                name="synthesize.list_wanted",
            ),
            Node(
                generate_assets,
                inputs=[
                    "generation_synthesize_wanted",
                    "generation_synthesize_maker",
                    "generation_synthesize_journal",
                    _PARAMS,
                    "params:dry_run",
                ],
                outputs=_TABLE,
                name="synthesize.generate_assets",
            ),
            Node(
                list_generated,
                inputs=[_TABLE, "made_media_root", _PARAMS],
                outputs=["made_assets_synthesize", "made_media_synthesize"],
                name="synthesize.list_generated",
            ),
            Node(
                count_generated,
                inputs=[_TABLE, _PARAMS],
                outputs="generation_synthesize_counts",
                name="synthesize.count_generated",
            ),
            Node(
                draw_generated,
                inputs=[_TABLE, *store, _PARAMS],
                outputs="generation_synthesize_extremes",
                name="synthesize.draw_generated",
            ),
        ],
        tags="synthesize",
    )
