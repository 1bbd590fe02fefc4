"""The wiring of ``ingest``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.ingest import nodes
from sparkle_curation.release.tables import COLUMNS, JSONL_TABLES


def create_pipeline() -> Pipeline:
    """The release becomes tables, one node a table; then the quarantine and the counts of all."""
    ingest_table = {name: getattr(nodes, f"ingest_{name}") for name in COLUMNS}
    return Pipeline(
        [
            Node(
                nodes.check_release,
                inputs=["release", "sources_before", "params:allow_empty"],
                outputs="release_checked",
                name="check_release",
            ),
            *(
                Node(
                    function,
                    inputs=[
                        "release_checked",
                        "params:allow_empty",
                        *(["annotations"] if name in JSONL_TABLES else []),
                    ],
                    outputs=[name, f"{name}_quarantined", f"{name}_source_files"],
                    name=function.__name__,
                )
                for name, function in ingest_table.items()
            ),
            Node(
                nodes.combine_quarantines,
                inputs=[f"{name}_quarantined" for name in COLUMNS],
                outputs="quarantine",
                name="combine_quarantines",
            ),
            Node(
                nodes.count_ingested,
                inputs=["quarantine", *COLUMNS, *(f"{name}_source_files" for name in COLUMNS)],
                outputs="ingest_counts",
                name="count_ingested",
            ),
        ],
        tags="ingest",
    )
