"""Filtering: verdicts by thresholds, and the variant that they give."""

from sparkle_curation.pipelines.filter.pipeline import create_pipeline

__all__ = ["create_pipeline"]
