"""The wiring of ``background_video``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.background_video.nodes import draw_generated
from sparkle_curation.stages.generation.nodes import (
    choose_maker,
    count_generated,
    generate_assets,
    list_generated,
    list_wanted,
)

_PARAMS = "params:background_video"
_TABLE = "generated_background_video"


def create_pipeline() -> Pipeline:
    """Each background that passed becomes a video as long as the source; what was made is listed, counted and drawn."""
    told = ["new_samples", "new_instructions", "told_progress"]
    store = ["asset_store", "made_media_root"]
    return Pipeline(
        [
            Node(
                unite_media,
                inputs=["asset_store", "media", "made_media_remove_foreground"],
                outputs="generation_background_video_media",
                name="background_video.unite_media",
            ),
            Node(
                choose_maker,
                inputs=[_PARAMS, *store],
                outputs="generation_background_video_maker",
                name="background_video.choose_maker",
            ),
            Node(
                list_wanted,
                inputs=[*told, _PARAMS, "generation_background_video_media"],
                outputs="generation_background_video_wanted",
                name="background_video.list_wanted",
            ),
            Node(
                generate_assets,
                inputs=[
                    "generation_background_video_wanted",
                    "generation_background_video_maker",
                    "generation_background_video_journal",
                    _PARAMS,
                    "params:dry_run",
                ],
                outputs=_TABLE,
                name="background_video.generate_assets",
            ),
            Node(
                list_generated,
                inputs=[_TABLE, "made_media_root", _PARAMS],
                outputs=["made_assets_background_video", "made_media_background_video"],
                name="background_video.list_generated",
            ),
            Node(
                count_generated,
                inputs=[_TABLE, _PARAMS],
                outputs="generation_background_video_counts",
                name="background_video.count_generated",
            ),
            Node(
                draw_generated,
                inputs=[_TABLE, *store, _PARAMS],
                outputs="generation_background_video_extremes",
                name="background_video.draw_generated",
            ),
        ],
        tags="background_video",
    )
