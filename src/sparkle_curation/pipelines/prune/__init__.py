"""``prune``: drops from the journals what no run wants any more."""

from sparkle_curation.pipelines.prune.pipeline import create_pipeline

__all__ = ["create_pipeline"]
