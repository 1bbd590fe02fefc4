"""The wiring of ``ingest``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.ingest import nodes
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.tables.ingested import COLUMNS, JSONL_TABLES


def _table(function: Callable[..., Any], name: str, others: list[str]) -> Node:
    """The node of a table, its rows of the quarantine and its list of sources."""
    inputs = ["release_checked", "params:allow_empty", *others]
    outputs = [name, f"{name}_quarantined", f"{name}_source_files"]
    return Node(function, inputs=inputs, outputs=outputs, name=f"ingest_{name}")


@dataclass(frozen=True)
class _OneTable:
    """A table of scores or groundings; its method is the node that ingests it.

    No partial: Kedro-Viz shows the source of what a function or method wraps, and none of a partial. No function in a
    function either: a ``ParallelRunner`` sends it to other processes.
    """

    table: str

    @wraps(nodes.ingest_records)
    def ingest_records(self, *inputs: Any) -> nodes.Ingested:
        """The table, its rows of the quarantine and its list of sources."""
        return nodes.ingest_records(JSONL_TABLES[self.table], *inputs)


def create_pipeline() -> Pipeline:
    """The release becomes tables, one node a table; then the quarantine and the counts of all."""
    return Pipeline(
        [
            Node(
                nodes.check_release,
                inputs=["release", "sources_before", "params:allow_empty"],
                outputs="release_checked",
                name="check_release",
            ),
            Node(nodes.note_release, inputs="release_checked", outputs="release_facts", name="note_release"),
            _table(nodes.ingest_annotations, "annotations", []),
            *(_table(_OneTable(name).ingest_records, name, ["annotations"]) for name in JSONL_TABLES),
            _table(nodes.ingest_assets, "assets", ["annotations"] if dataset().shape else []),
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
