"""The wiring of ``paper``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.paper.nodes import write_paper
from sparkle_curation.spec.stages import STAGES


def create_pipeline() -> Pipeline:
    """The documents are written from the variant's record, the report of what was not exported, and rescores."""
    return Pipeline(
        [
            Node(
                write_paper,
                inputs=[
                    "variant_facts",
                    "samples_not_exported",
                    "params:paper",
                    *(f"rescored_{stage.table}" for stage in STAGES),
                ],
                outputs="paper_documents",
                name="write_paper",
            )
        ],
        tags="paper",
    )
