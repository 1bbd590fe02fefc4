"""The wiring of ``remove_foreground``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.remove_foreground.nodes import draw_generated
from sparkle_curation.stages.generation.nodes import (
    choose_maker,
    count_generated,
    generate_assets,
    list_generated,
    list_wanted,
)

_PARAMS = "params:remove_foreground"
_TABLE = "generated_remove_foreground"


def create_pipeline() -> Pipeline:
    """The foreground is taken out of each edited first frame that passed; what was made is listed, counted and drawn."""
    told = ["new_samples", "new_instructions", "told_progress"]
    store = ["asset_store", "made_media_root"]
    return Pipeline(
        [
            Node(
                unite_media,
                inputs=["asset_store", "media", "made_media_edit_frame0"],
                outputs="generation_remove_foreground_media",
                name="remove_foreground.unite_media",
            ),
            Node(
                choose_maker,
                inputs=[_PARAMS, *store],
                outputs="generation_remove_foreground_maker",
                name="remove_foreground.choose_maker",
            ),
            Node(
                list_wanted,
                inputs=[*told, _PARAMS, "generation_remove_foreground_media"],
                outputs="generation_remove_foreground_wanted",
                name="remove_foreground.list_wanted",
            ),
            Node(
                generate_assets,
                inputs=[
                    "generation_remove_foreground_wanted",
                    "generation_remove_foreground_maker",
                    "generation_remove_foreground_journal",
                    _PARAMS,
                    "params:dry_run",
                ],
                outputs=_TABLE,
                name="remove_foreground.generate_assets",
            ),
            Node(
                list_generated,
                inputs=[_TABLE, "made_media_root", _PARAMS],
                outputs=["made_assets_remove_foreground", "made_media_remove_foreground"],
                name="remove_foreground.list_generated",
            ),
            Node(
                count_generated,
                inputs=[_TABLE, _PARAMS],
                outputs="generation_remove_foreground_counts",
                name="remove_foreground.count_generated",
            ),
            Node(
                draw_generated,
                inputs=[_TABLE, *store, _PARAMS],
                outputs="generation_remove_foreground_extremes",
                name="remove_foreground.draw_generated",
            ),
        ],
        tags="remove_foreground",
    )
