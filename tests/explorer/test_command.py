"""``kedro explore``, as a person starts it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
from tests.conftest import Project
from tests.explorer.serving import SCORES, asked, made_release, made_store, made_tables

from sparkle_curation.datasets.tables.table_dataset import TableDataset


def command(project: Project, *options: str) -> list[str]:
    """The command line on the roots of a project."""
    roots = ",".join(project.param_items())
    return [sys.executable, "-m", "kedro", "explore", "--port", "0", "--params", roots, *options]


def test_it_shows_what_curate_made(
    project: Project, checkout: Path, sample_release: Path, tmp_path: Path
) -> None:
    """Of whatever data root and release, which are in the command that the page gives; and ends when it is told to."""
    made_release(sample_release, tmp_path / "release")
    project = replace(project, release_root=tmp_path / "release")
    tables = made_tables()
    made = {"03_primary/verdicts": tables.verdicts, "02_intermediate/annotations": tables.annotations}
    made["02_intermediate/assets"] = pl.read_parquet(made_store(sample_release, tmp_path).assets_path)
    for name, table in made.items():
        TableDataset(filepath=str(project.output(f"{name}.parquet"))).save(table)
    with subprocess.Popen(
        command(project, "--read-only"), cwd=checkout, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            found = next(
                filter(
                    None,
                    (re.match(r"(http://127\.0\.0\.1:\d+)/#token=\S+", line) for line in server.stdout or ()),
                )
            )
            description = json.loads(asked(f"{found[1]}/api/description")[2])
            status = asked(f"{found[1]}/media/source_video/{next(iter(SCORES))}")[0]
        finally:
            server.terminate()
    assert (description["count"], description["is_read_only"], status) == (len(SCORES), True, 200)
    assert description["run_options"] == [
        f"release_root={tmp_path / 'release'}",
        f"data_root={project.data_root}",
    ]


def test_an_environment_that_is_not_there_is_told(project: Project, checkout: Path) -> None:
    """With those that are."""
    finished = subprocess.run(
        command(project, "--env", "nowhere"),
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 1
    assert finished.stderr.startswith("Error: There is no such environment.\n")
    assert "base, local, new, test" in finished.stderr


def test_without_tables_it_says_what_to_run(project: Project, checkout: Path) -> None:
    """In one sentence, and ends; without having imported pandas, which takes a tenth of the time to start."""
    finished = subprocess.run(
        command(project),
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
    )
    assert "polars.dataframe" in finished.stderr
    assert "pandas.core" not in finished.stderr
    assert finished.returncode == 1
    assert "A table is not there." in finished.stderr
    assert "kedro run --pipelines curate" in finished.stderr
