"""``extract``: brings the media that are wanted out of the release into a folder that a trainer reads."""

from sparkle_curation.pipelines.extract.pipeline import create_pipeline

__all__ = ["create_pipeline"]
