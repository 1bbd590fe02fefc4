"""``publish``: the variant as a dataset repository of the hub, told before, uploaded by confirmation."""

from sparkle_curation.pipelines.publish.pipeline import create_pipeline

__all__ = ["create_pipeline"]
