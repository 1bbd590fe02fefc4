"""The wiring of ``gate``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.gate.nodes import count_progress, gather_faults, tell_progress
from sparkle_curation.spec.stages import STAGES

_MADE = [
    "made_media_edit_frame0",
    "made_media_remove_foreground",
    "made_media_background_video",
    "made_media_track",
    "made_media_edges",
    "made_media_synthesize",
]
_TABLES = [
    "generated_edit_frame0_if_made",
    "generated_remove_foreground_if_made",
    "generated_background_video_if_made",
    "tracks_if_made",
    "edges_if_made",
    "generated_synthesize_if_made",
]
"""Of the stages, in the order of what they make."""


def create_pipeline() -> Pipeline:
    """What was made and scored comes to a row per sample and stage."""
    return Pipeline(
        [
            Node(
                unite_media,
                inputs=["asset_store", "media", *_MADE],
                outputs="gate_media",
                name="unite_media",
            ),
            Node(gather_faults, inputs=_TABLES, outputs="gate_faults", name="gather_faults"),
            Node(
                tell_progress,
                inputs=[
                    "annotations",
                    "gate_media",
                    "gate_faults",
                    "params:threshold",
                    "params:thresholds",
                    *(f"rescored_{stage.table}" for stage in STAGES),
                ],
                outputs="new_progress",
                name="tell_progress",
            ),
            Node(
                count_progress, inputs=["new_progress"], outputs="new_progress_counts", name="count_progress"
            ),
        ],
        tags="gate",
    )
