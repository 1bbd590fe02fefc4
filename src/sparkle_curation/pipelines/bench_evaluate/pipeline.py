"""The wiring of ``bench_evaluate``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.bench_evaluate.nodes import (
    ask_bench_judge,
    choose_bench_judge,
    list_bench_jobs,
    tabulate_judgments,
)

_PARAMS = "params:bench_evaluate"


def create_pipeline() -> Pipeline:
    """The judge is asked what the journal lacks; scores are read from its answers."""
    return Pipeline(
        [
            Node(
                choose_bench_judge,
                inputs=["bench_samples", "bench_rubrics", "model_server_key", "gemini_key", _PARAMS],
                outputs="bench_judge",
                name="choose_bench_judge",
            ),
            Node(
                list_bench_jobs,
                inputs=["bench_samples", "bench_outputs", "bench_judge", "params:bench_models", _PARAMS],
                outputs="bench_jobs",
                name="list_bench_jobs",
            ),
            Node(
                ask_bench_judge,
                inputs=[
                    "bench_jobs",
                    "bench_judge",
                    "ingested_benchmark",
                    "params:bench_models",
                    "bench_journal",
                    _PARAMS,
                    "params:dry_run",
                ],
                outputs="bench_answers",
                name="ask_bench_judge",
            ),
            Node(
                tabulate_judgments,
                inputs=["bench_jobs", "bench_answers", "bench_judge", _PARAMS],
                outputs=["bench_judgments", "bench_scores"],
                name="tabulate_judgments",
            ),
        ],
        tags="bench_evaluate",
    )
