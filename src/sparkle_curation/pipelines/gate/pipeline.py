"""The wiring of ``gate``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.gate.nodes import (
    count_progress,
    gather_faults,
    list_outdated,
    tell_progress,
)
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.stages.lineage import MAKING

_MADE = [f"made_media_{each.pipeline}" for each in MAKING]
_TABLES = [f"{each.table}_if_made" for each in MAKING]
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
            Node(
                gather_faults,
                inputs=["gate_media", *_TABLES],
                outputs="gate_faults",
                name="gather_faults",
            ),
            Node(
                list_outdated,
                inputs=["gate_media", "new_instructions", *_TABLES],
                outputs="gate_outdated",
                name="list_outdated",
            ),
            Node(
                tell_progress,
                inputs=[
                    "annotations",
                    "new_instructions",
                    "gate_media",
                    "gate_faults",
                    "gate_outdated",
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
