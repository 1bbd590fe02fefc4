"""``report``: pictures of what the tables say."""

from sparkle_curation.pipelines.report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
