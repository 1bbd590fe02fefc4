"""The wiring of ``assemble``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.assemble.nodes import (
    assemble_release,
    choose_bounds,
    gather_generated,
    gather_makers,
    gather_records,
    gather_tables,
)
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.generated import GENERATED_STAGES
from sparkle_curation.stages.lineage import MAKING

_MADE = [f"made_media_{each.pipeline}" for each in MAKING]
_LOOKED_AT = [
    *(f"rescored_{stage.table}" for stage in STAGES),
    "r1_regrounded_if_made",
    "r2_regrounded_if_made",
]
"""The tables of scores and of both rounds of grounding."""


def create_pipeline() -> Pipeline:
    """The samples that passed become files and texts in the published layout."""
    return Pipeline(
        [
            Node(
                unite_media,
                inputs=["asset_store", "media", *_MADE],
                outputs="assemble_media",
                name="unite_media",
            ),
            Node(
                gather_generated,
                inputs=[f"generated_{stage}_if_made" for stage in GENERATED_STAGES],
                outputs="assemble_generated",
                name="gather_generated",
            ),
            Node(
                gather_makers,
                inputs=["tracks_if_made", "edges_if_made", *_LOOKED_AT],
                outputs="assemble_makers",
                name="gather_makers",
            ),
            Node(
                gather_records,
                inputs=_LOOKED_AT,
                outputs="assemble_records",
                name="gather_records",
            ),
            Node(
                gather_tables,
                inputs=[
                    "annotations",
                    "new_samples",
                    "new_instructions",
                    "new_progress",
                    "assemble_generated",
                    "assemble_makers",
                ],
                outputs="assemble_tables",
                name="gather_tables",
            ),
            Node(
                choose_bounds,
                inputs=["params:threshold", "params:thresholds"],
                outputs="assemble_bounds",
                name="choose_bounds",
            ),
            Node(
                assemble_release,
                inputs=[
                    "assemble_tables",
                    "assemble_media",
                    "assemble_records",
                    "asset_store",
                    "compared_assets",
                    "params:assemble",
                    "assemble_bounds",
                ],
                outputs="new_release",
                name="assemble_release",
            ),
        ],
        tags="assemble",
    )
