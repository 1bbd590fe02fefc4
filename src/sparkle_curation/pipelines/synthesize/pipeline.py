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
                name="unite_media_synthesize",
            ),
            Node(
                choose_maker,
                inputs=[_PARAMS, *store],
                outputs="generation_synthesize_maker",
                name="choose_maker_synthesize",
            ),
            Node(
                list_wanted,
                inputs=[*told, _PARAMS, "generation_synthesize_media"],
                outputs="generation_synthesize_wanted",
                name="list_wanted_synthesize",
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
                name="generate_assets_synthesize",
            ),
            Node(
                list_generated,
                inputs=[_TABLE, "made_media_root", _PARAMS],
                outputs=["made_assets_synthesize", "made_media_synthesize"],
                name="list_generated_synthesize",
            ),
            Node(
                count_generated,
                inputs=[_TABLE, _PARAMS],
                outputs="generation_synthesize_counts",
                name="count_generated_synthesize",
            ),
            Node(
                draw_generated,
                inputs=[_TABLE, *store, _PARAMS],
                outputs="generation_synthesize_extremes",
                name="draw_generated_synthesize",
            ),
        ],
        tags="synthesize",
    )
