"""``merge``: puts what shards of costly work have done into the journals of all of it."""

from sparkle_curation.pipelines.merge.pipeline import create_pipeline

__all__ = ["create_pipeline"]
