"""``forecast``: what making new samples will take, before anything is made."""

from sparkle_curation.pipelines.forecast.pipeline import create_pipeline

__all__ = ["create_pipeline"]
