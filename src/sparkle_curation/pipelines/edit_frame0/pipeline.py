"""The wiring of ``edit_frame0``."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from sparkle_curation.pipelines.edit_frame0.params import EditFrame0Group
from sparkle_curation.pipelines.generation_wiring import generation_pipeline


def create_pipeline() -> Pipeline:
    """The first frame of each source is edited as its instruction says; what was made is listed, counted and drawn."""
    return generation_pipeline(EditFrame0Group)
