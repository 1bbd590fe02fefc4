"""``join``: a release and the new samples beside it become one, which ``curate`` takes."""

from sparkle_curation.pipelines.join.pipeline import create_pipeline

__all__ = ["create_pipeline"]
