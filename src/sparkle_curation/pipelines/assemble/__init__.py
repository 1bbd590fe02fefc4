"""``assemble``: new samples become a release in the published layout."""

from sparkle_curation.pipelines.assemble.pipeline import create_pipeline

__all__ = ["create_pipeline"]
