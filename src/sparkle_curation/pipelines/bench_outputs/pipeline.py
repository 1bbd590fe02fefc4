"""The wiring of ``bench_outputs``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.bench_outputs.nodes import count_outputs, examine_outputs


def create_pipeline() -> Pipeline:
    """The outputs of each model are looked at, then counted."""
    return Pipeline(
        [
            Node(
                examine_outputs,
                inputs=["bench_samples", "params:bench_models", "params:bench_outputs"],
                outputs="bench_outputs",
                name="examine_outputs",
            ),
            Node(
                count_outputs,
                inputs=["bench_outputs", "bench_samples"],
                outputs="bench_output_counts",
                name="count_outputs",
            ),
        ],
        tags="bench_outputs",
    )
