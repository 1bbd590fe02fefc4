"""``inspect``: what the header of each video, image and mask says, and which of them are broken."""

from sparkle_curation.pipelines.inspect.pipeline import create_pipeline

__all__ = ["create_pipeline"]
