"""``near_duplicates``: which samples share a source clip, within a theme and across themes."""

from sparkle_curation.pipelines.near_duplicates.pipeline import create_pipeline

__all__ = ["create_pipeline"]
