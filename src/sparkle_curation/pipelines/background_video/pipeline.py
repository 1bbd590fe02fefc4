"""The wiring of ``background_video``."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from sparkle_curation.pipelines.background_video.params import BackgroundVideoGroup
from sparkle_curation.pipelines.generation_wiring import generation_pipeline


def create_pipeline() -> Pipeline:
    """Each background that passed becomes a video as long as the source; what was made is listed, counted and drawn."""
    return generation_pipeline(BackgroundVideoGroup)
