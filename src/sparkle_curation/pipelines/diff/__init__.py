"""Comparing two versions of a variant."""

from sparkle_curation.pipelines.diff.pipeline import create_pipeline

__all__ = ["create_pipeline"]
