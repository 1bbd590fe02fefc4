"""``ingest``: the release's files become Parquet tables, and what cannot be trusted a quarantine."""

from sparkle_curation.pipelines.ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
