"""The wiring of ``validate``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.validate.nodes import (
    build_data_docs,
    pass_tables,
    summarise_validations,
    validate_tables,
)
from sparkle_curation.spec.tables.ingested import COLUMNS


def create_pipeline() -> Pipeline:
    """Each table is checked against its suite; the results become a site and a summary; then the tables may pass."""
    return Pipeline(
        [
            Node(
                validate_tables,
                inputs=["params:validation", "table_fingerprints", "score_slices", "quarantine", *COLUMNS],
                outputs="validations",
                name="validate_tables",
            ),
            Node(
                build_data_docs,
                inputs=["validations", "data_version"],
                outputs="data_docs",
                name="build_data_docs",
            ),
            Node(
                summarise_validations,
                inputs="validations",
                outputs="validation_summary",
                name="summarise_validations",
            ),
            Node(
                pass_tables,
                inputs=["validation_summary", "data_docs", *COLUMNS],
                outputs=[f"{name}_validated" for name in COLUMNS],
                name="pass_tables",
            ),
        ],
        tags="validate",
    )
