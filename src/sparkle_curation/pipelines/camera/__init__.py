"""``camera``: whether the camera of each source clip is fixed; of a release, or of a folder of clips."""

from sparkle_curation.pipelines.camera.pipeline import create_pipeline

__all__ = ["create_pipeline"]
