"""The pipelines that can be run by name."""

from __future__ import annotations

from kedro.pipeline import Pipeline

from sparkle_curation.pipelines.agreement.pipeline import create_pipeline as agreement
from sparkle_curation.pipelines.consistency.pipeline import create_pipeline as consistency
from sparkle_curation.pipelines.diff.pipeline import create_pipeline as diff
from sparkle_curation.pipelines.ground.pipeline import create_pipeline as ground
from sparkle_curation.pipelines.ingest.pipeline import create_pipeline as ingest
from sparkle_curation.pipelines.inspect.pipeline import create_pipeline as inspect
from sparkle_curation.pipelines.judge.pipeline import create_pipeline as judge
from sparkle_curation.pipelines.manifest.pipeline import create_pipeline as manifest
from sparkle_curation.pipelines.plots_page.pipeline import create_pipeline as plots_page
from sparkle_curation.pipelines.prune.pipeline import create_pipeline as prune
from sparkle_curation.pipelines.report.pipeline import create_pipeline as report
from sparkle_curation.pipelines.score.pipeline import create_pipeline as score
from sparkle_curation.pipelines.twins.pipeline import create_pipeline as twins
from sparkle_curation.pipelines.validate.pipeline import create_pipeline as validate
from sparkle_curation.release.tables import COLUMNS


def register_pipelines() -> dict[str, Pipeline]:
    """The pipelines by name; ``curate`` goes from the release to a variant, and is the default."""
    pipelines = {
        "manifest": manifest(),
        "ingest": ingest(),
        "inspect": inspect(),
        "validate": validate(),
        "judge": judge(),
        "diff": diff(),
        "plots_page": plots_page(),
        "consistency": consistency(),
        "twins": twins(),
        "report": report(),
        "score": score(),
        "ground": ground(),
        "agreement": agreement(),
        "prune": prune(),
    }
    pipelines["curate"] = (
        pipelines["ingest"] + pipelines["inspect"] + pipelines["validate"] + _of_validated(pipelines["judge"])
    )
    pipelines["__default__"] = pipelines["curate"]
    return pipelines


def _of_validated(judging: Pipeline) -> Pipeline:
    """The same judging, of tables that have passed ``validate``, so that nothing is emitted before they have."""
    return Pipeline(
        judging, inputs={name: f"{name}_validated" for name in COLUMNS if name in judging.inputs()}
    )
