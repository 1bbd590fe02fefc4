"""``bench_ingest``: a downloaded benchmark as tables, checked, and compared with the release."""

from sparkle_curation.pipelines.bench_ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
