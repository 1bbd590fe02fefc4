"""``bench_report``: what the judgments of a benchmark come to, and how sure that is."""

from sparkle_curation.pipelines.bench_report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
