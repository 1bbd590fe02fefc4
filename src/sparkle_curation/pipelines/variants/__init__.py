"""Many variants from one ingest, each under a name and with parameters of its own."""

from sparkle_curation.pipelines.variants.pipeline import create_pipeline

__all__ = ["create_pipeline"]
