"""``mix_diff``: two mixes compared, sample by sample."""

from sparkle_curation.pipelines.mix_diff.pipeline import create_pipeline

__all__ = ["create_pipeline"]
