"""``consistency``: whether the assets of a sample fit each other."""

from sparkle_curation.pipelines.consistency.pipeline import create_pipeline

__all__ = ["create_pipeline"]
