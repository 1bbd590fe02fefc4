"""``background_video``: videos of the new backgrounds, from a picture without foreground (stage 3, second half)."""

from sparkle_curation.pipelines.background_video.pipeline import create_pipeline

__all__ = ["create_pipeline"]
