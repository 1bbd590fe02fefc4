"""The agreement pipeline, run by Kedro over the sample's scores and a judge that is half a point stricter."""

from __future__ import annotations

import json

import polars as pl
import pytest
from tests.conftest import Project

from sparkle_curation.errors import MissingTableError
from sparkle_curation.spec.stages import STAGES


def test_a_stricter_judge_agrees_in_order_and_loses_samples(project: Project) -> None:
    """The metrics, the tables and the figure are there, and say so; without rescores the error says what to do."""
    project.run_here("ingest")
    with pytest.raises(MissingTableError, match="--pipelines score"):
        project.run_here("agreement")
    project.output("07_model_output").mkdir()
    for stage in STAGES:
        table = pl.read_parquet(project.table(stage.table))
        stricter = table.with_columns(pl.col(stage.score_column) - 0.5, fault=pl.lit(None, pl.String))
        stricter.write_parquet(project.output("07_model_output", f"rescored_{stage.table}.parquet"))
    project.run_here("agreement")
    metrics = json.loads(project.output("08_reporting", "agreement_metrics.json").read_text(encoding="utf-8"))
    for stage in STAGES:
        total = metrics[stage.name]["total"]
        assert total["spearman"] == pytest.approx(1.0)
        assert total["mean_difference"] == pytest.approx(-0.5)
        assert total["gained"] == 0 < total["lost"]
        themes = [figures for theme, figures in metrics[stage.name].items() if theme != "total"]
        assert sum(figures["lost"] for figures in themes) == total["lost"]
    figure = json.loads(project.output("08_reporting", "agreement_figure.json").read_text(encoding="utf-8"))
    assert len(figure["data"]) == 3 * len(STAGES)
    crossings = pl.read_csv(project.output("08_reporting", "agreement_crossings.csv"))
    assert set(crossings["stage"]) == {stage.name for stage in STAGES}
