"""``clips``: a folder of clips becomes the samples of a draft release, checked, trimmed and numbered."""

from sparkle_curation.pipelines.clips.pipeline import create_pipeline

__all__ = ["create_pipeline"]
