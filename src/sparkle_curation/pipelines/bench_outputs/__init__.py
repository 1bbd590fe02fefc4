"""``bench_outputs``: which outputs of models on the benchmark are there, whole, and like their sources."""

from sparkle_curation.pipelines.bench_outputs.pipeline import create_pipeline

__all__ = ["create_pipeline"]
