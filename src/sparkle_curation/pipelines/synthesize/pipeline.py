"""The wiring of ``synthesize``."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from sparkle_curation.pipelines.generation_wiring import generation_pipeline
from sparkle_curation.pipelines.synthesize.params import SynthesizeGroup


def create_pipeline() -> Pipeline:
    """Each edited first frame becomes a video with given edges; what was made is listed, counted and drawn."""
    return generation_pipeline(SynthesizeGroup)
