"""``download``: brings a release, or the part of it that is needed, from the hub into a folder."""

from sparkle_curation.pipelines.download.pipeline import create_pipeline

__all__ = ["create_pipeline"]
