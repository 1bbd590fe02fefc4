"""A release with one imputed score, from its files to the metrics."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from sparkle_curation.spec.layout import intermediate_jsonl_path

if TYPE_CHECKING:
    from conftest import Project

THEME = "season"


def spoil(frame: dict[str, Any]) -> None:
    """A frame whose first SC answer had no scores: counted as 5.0, where it said something else."""
    first = min(json.loads(frame["SC_raw_output"])["score"]) / 2.5
    pq = min(json.loads(frame["PQ_raw_output"])["score"]) / 2.5
    frame["SC_score"] += (5.0 - first) / 4
    frame["O_score"] += (math.sqrt(5.0 * pq) - math.sqrt(first * pq)) / 4
    frame["SC_raw_output"] = frame["SC_raw_output"][:30]


@pytest.fixture
def imputed(sample_release: Path, tmp_path: Path) -> tuple[Path, str]:
    """The texts of the sample release with one imputed value in its last scored video, and that video's id."""
    root = tmp_path / "release"
    shutil.copytree(sample_release, root, ignore=shutil.ignore_patterns("*.tar", "*.mp4", "*.png", "*.npz"))
    path = root / intermediate_jsonl_path(THEME, "edited_video_score.jsonl")
    *lines, last = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(last)
    spoil(record["editscore"][2])
    path.write_text("\n".join([*lines, json.dumps(record)]) + "\n", encoding="utf-8")
    return root, record["id"]


@pytest.mark.parametrize("imputed_scores", ["keep", "reject"])
def test_one_imputed_score_is_found_counted_and_rejected_where_it_shall(
    project: Project, imputed: tuple[Path, str], imputed_scores: str
) -> None:
    """Its frame, its rule and the threshold stand in the audit; only its own verdict depends on the policy."""
    root, sample = imputed
    run = replace(project, release_root=root)
    run.run_here("ingest")
    run.run_here("inspect")
    run.run_here("filter", params={"imputed_scores": imputed_scores, "thresholds.edited_video": 0.0})
    audit = pl.read_parquet(run.output("03_primary", "score_audit.parquet"))
    assert audit.select("id", "stage", "rule", "threshold", "changes_side").rows() == [
        (sample, "edited_video", "off_lattice", 0.0, False),
        (sample, "edited_video", "raw_output_unparsable", 0.0, False),
    ]
    rejected = pl.read_parquet(run.output("03_primary", "samples_rejected.parquet"))
    imputed_ids = rejected.filter(pl.col("reject_reason") == "imputed")["id"].to_list()
    assert imputed_ids == ([sample] if imputed_scores == "reject" else [])
    metrics = json.loads(run.output("08_reporting", "curation_metrics.json").read_text())
    assert {
        theme: each["stages"]["edited_video"]["imputed"] for theme, each in metrics["themes"].items()
    } == {theme: int(theme == THEME) for theme in metrics["themes"]}
    funnel = pl.read_csv(run.output("08_reporting", "funnel.csv"))
    assert funnel.filter(theme="total", stage="edited_video")["imputed"].to_list() == [1]
