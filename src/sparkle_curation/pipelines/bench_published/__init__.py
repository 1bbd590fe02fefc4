"""``bench_published``: scores that others publish of models on the benchmark, and what is wrong with them."""

from sparkle_curation.pipelines.bench_published.pipeline import create_pipeline

__all__ = ["create_pipeline"]
