"""``keep``: what git keeps of a variant, so that DVC can compare commits without a remote."""

from sparkle_curation.pipelines.keep.pipeline import create_pipeline

__all__ = ["create_pipeline"]
