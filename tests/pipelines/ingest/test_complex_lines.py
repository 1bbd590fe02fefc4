"""What a line may cost is bounded before it is parsed: one line ends no run, and the others are read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project

FILE = "intermediate_data/time/edited_frame0_score.jsonl"


def with_note(note: str) -> Callable[[str], str]:
    """A line with an unknown member that is this JSON."""
    return lambda line: f'{line[:-1]}, "note": {note}}}'


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (with_note("[" * 20_000 + "]" * 20_000), "line_too_complex"),
        (with_note("[" + "1," * 400_000 + "1]"), "line_too_complex"),
        (with_note(json.dumps({f"k{number}": number for number in range(100_000)})), None),
    ],
    ids=["20,000 deep", "400,001 values", "100,000 members"],
)
def test_one_costly_line_ends_no_run(
    spoil: Callable[[str], str], reason: str | None, project: Project, sample_release: Path, tmp_path: Path
) -> None:
    """It is quarantined with its reason, or kept with its unknown members; every other line is a row."""
    release = shutil.copytree(sample_release, tmp_path / "release")
    lines = (release / FILE).read_text("utf-8").splitlines()
    lines[3] = spoil(lines[3])
    (release / FILE).write_text("\n".join(lines) + "\n", "utf-8")
    run = replace(project, release_root=release).run_kedro("--pipelines", "ingest")
    assert run.returncode == 0, run.stderr
    rows = pl.read_parquet(project.table("edited_frame0_scores")).filter(pl.col("theme") == "time")
    quarantine = pl.read_parquet(project.table("quarantine"))
    lost = quarantine.filter(~pl.col("is_row_kept"))
    assert rows.height + lost.height == len(lines)
    assert lost["reason"].to_list() == ([reason] if reason else [])
    assert lost["line"].to_list() == ([4] if reason else [])
