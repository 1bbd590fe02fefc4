"""``exclude``: a source clip is taken out on request, of all that was made and of all that will be."""

from sparkle_curation.pipelines.exclude.pipeline import create_pipeline

__all__ = ["create_pipeline"]
