"""``bench_evaluate``: what a judge says of models' outputs on the benchmark, with every sample in one state."""

from sparkle_curation.pipelines.bench_evaluate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
