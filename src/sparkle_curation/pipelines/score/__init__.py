"""``score``: the scores recomputed, by any model, with every answer kept."""

from sparkle_curation.pipelines.score.pipeline import create_pipeline

__all__ = ["create_pipeline"]
