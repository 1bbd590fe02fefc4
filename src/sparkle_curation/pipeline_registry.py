"""The pipelines that can be run by name."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from sparkle_curation.pipelines.ingest.pipeline import create_pipeline as ingest
from sparkle_curation.pipelines.judge.pipeline import create_pipeline as judge


def register_pipelines() -> dict[str, Pipeline]:
    """The pipelines by name; ``curate`` goes from the release to a variant, and is the default."""
    pipelines = {"ingest": ingest(), "judge": judge()}
    pipelines["curate"] = pipelines["ingest"] + pipelines["judge"]
    pipelines["__default__"] = pipelines["curate"]
    return pipelines
