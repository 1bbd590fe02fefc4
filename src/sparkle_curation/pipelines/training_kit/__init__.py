"""``training_kit``: from a variant to all that a training with Kiwi-Edit starts from."""

from sparkle_curation.pipelines.training_kit.pipeline import create_pipeline

__all__ = ["create_pipeline"]
