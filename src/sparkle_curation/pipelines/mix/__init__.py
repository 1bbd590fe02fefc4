"""``mix``: one training file of several curated datasets, with weights, quotas and a budget."""

from sparkle_curation.pipelines.mix.pipeline import create_pipeline

__all__ = ["create_pipeline"]
