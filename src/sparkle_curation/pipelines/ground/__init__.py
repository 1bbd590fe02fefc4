"""``ground``: the groundings recomputed, by any model, with every answer kept."""

from sparkle_curation.pipelines.ground.pipeline import create_pipeline

__all__ = ["create_pipeline"]
