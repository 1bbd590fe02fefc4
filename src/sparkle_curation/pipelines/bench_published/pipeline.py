"""The wiring of ``bench_published``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.bench_published.nodes import read_published_scores


def create_pipeline() -> Pipeline:
    """The files of scores that lie in the folders of the models are read and checked."""
    return Pipeline(
        [
            Node(
                read_published_scores,
                inputs=["bench_samples", "bench_rubrics", "params:bench_models", "params:bench_published"],
                outputs=["bench_published_scores", "bench_published_faults"],
                name="read_published_scores",
            )
        ],
        tags="bench_published",
    )
