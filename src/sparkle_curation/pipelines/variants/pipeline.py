"""The wiring of ``variants``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import in_place_of
from sparkle_curation.pipelines.variants.nodes import (
    check_variants,
    choose_parameters,
    curate_variants,
    gather_tables,
)
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.ingested import GROUNDING_TABLES
from sparkle_curation.variant.curation.params import FilterParams

_SCORES = [stage.table for stage in STAGES]


def create_pipeline() -> Pipeline:
    """The tables pass the gate, each named variant is curated from them, and what went wrong is told at the end."""
    return Pipeline(
        [
            Node(
                in_place_of,
                inputs=["media", "made_media_asked_for"],
                outputs="variants_media",
                name="variants.in_place_of",
            ),
            Node(
                choose_parameters,
                inputs=["params:variants", *(f"params:{name}" for name in FilterParams.model_fields)],
                outputs="variant_parameters",
                name="choose_parameters",
            ),
            Node(
                gather_tables,
                inputs=[
                    "variant_parameters",
                    "validation_summary",
                    "data_docs",
                    "overrides",
                    "asset_store",
                    "audit_sample",
                    "bench_ledger_before",
                    *_SCORES,
                    *(f"rescored_{name}" for name in _SCORES),
                    *GROUNDING_TABLES,
                    "annotations",
                    "assets",
                    "assets_source_files",
                    "variants_media",
                    "sample_groups",
                    "signals",
                    "bench_leakage",
                    "bench_comparison",
                ],
                outputs="curation_tables",
                name="gather_tables",
            ),
            Node(
                curate_variants,
                inputs=[
                    "variant_parameters",
                    "curation_tables",
                    "variants_before",
                    "code_version",
                    "data_version",
                ],
                outputs=["variants", "variants_table", "variants_failed"],
                name="curate_variants",
            ),
            # After both are written.
            Node(
                check_variants,
                inputs=["variants_failed", "variants_table", "variants"],
                outputs=None,
                name="check_variants",
            ),
        ],
        tags="variants",
    )
