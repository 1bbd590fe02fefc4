"""The wiring of ``edit_frame0``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.edit_frame0.nodes import draw_generated
from sparkle_curation.stages.generation.nodes import (
    choose_maker,
    count_generated,
    generate_assets,
    list_generated,
    list_wanted,
)

_PARAMS = "params:edit_frame0"
_TABLE = "generated_edit_frame0"


def create_pipeline() -> Pipeline:
    """The first frame of each source is edited as its instruction says; what was made is listed, counted and drawn."""
    told = ["new_samples", "new_instructions", "told_progress"]
    store = ["asset_store", "made_media_root"]
    return Pipeline(
        [
            Node(
                choose_maker,
                inputs=[_PARAMS, *store],
                outputs="generation_edit_frame0_maker",
                name="edit_frame0.choose_maker",
            ),
            Node(
                list_wanted,
                inputs=[*told, _PARAMS, "media"],
                outputs="generation_edit_frame0_wanted",
                name="edit_frame0.list_wanted",
            ),
            Node(
                generate_assets,
                inputs=[
                    "generation_edit_frame0_wanted",
                    "generation_edit_frame0_maker",
                    "generation_edit_frame0_journal",
                    _PARAMS,
                    "params:dry_run",
                ],
                outputs=_TABLE,
                name="edit_frame0.generate_assets",
            ),
            Node(
                list_generated,
                inputs=[_TABLE, "made_media_root", _PARAMS],
                outputs=["made_assets_edit_frame0", "made_media_edit_frame0"],
                name="edit_frame0.list_generated",
            ),
            Node(
                count_generated,
                inputs=[_TABLE, _PARAMS],
                outputs="generation_edit_frame0_counts",
                name="edit_frame0.count_generated",
            ),
            Node(
                draw_generated,
                inputs=[_TABLE, *store, _PARAMS],
                outputs="generation_edit_frame0_extremes",
                name="edit_frame0.draw_generated",
            ),
        ],
        tags="edit_frame0",
    )
