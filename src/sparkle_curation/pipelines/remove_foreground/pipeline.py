"""The wiring of ``remove_foreground``."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from sparkle_curation.pipelines.generation_wiring import generation_pipeline
from sparkle_curation.pipelines.remove_foreground.params import RemoveForegroundGroup


def create_pipeline() -> Pipeline:
    """The foreground is taken out of each edited first frame that passed; what was made is listed, counted and drawn."""
    return generation_pipeline(RemoveForegroundGroup)
