"""The notebooks: they run from first to last cell on the sample release, and lie in git without what a run shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import CHECKOUT, Project

from sparkle_curation.errors import MissingTableError, ParameterError
from sparkle_curation.notebooks import ROOTS, open_catalog, show_samples

NOTEBOOKS = sorted((CHECKOUT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def curated(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample release, as `make run` curates it."""
    project = Project(release_root=sample_release, data_root=tmp_path_factory.mktemp("notebooks") / "data")
    for pipeline in ("ingest", "inspect", "filter"):
        project.run_here(pipeline, params={"threshold": 8.5} if pipeline == "filter" else None)
    return project


def test_each_runs(curated: Project, tmp_path: Path) -> None:
    """All four, each in a kernel of its own, on one data root."""
    roots = {ROOTS["data_root"]: str(curated.data_root), ROOTS["release_root"]: str(curated.release_root)}
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbmake", "--nbmake-timeout=120", "-p", "no:randomly"),
            *("-p", "no:cacheprovider", "-o", "addopts=", "-q", "-rA", *map(str, NOTEBOOKS)),
        ],
        cwd=CHECKOUT,
        env=os.environ
        | roots
        | {"DO_NOT_TRACK": "1", "JUPYTER_RUNTIME_DIR": str(tmp_path), "IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-6000:] + finished.stderr[-2000:]
    assert f"{len(NOTEBOOKS)} passed" in finished.stdout


def shown_in(notebook: dict[str, Any]) -> list[str]:
    """What a run left in a notebook: outputs, numbers of execution, and what an editor notes of them."""
    found = []
    for place, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        found += [f"cell {place}: outputs"] if cell["outputs"] else []
        found += [f"cell {place}: execution_count"] if cell["execution_count"] is not None else []
        found += [f"cell {place}: metadata"] if cell["metadata"] else []
    return found + (["widgets"] if "widgets" in notebook["metadata"] else [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_cleared(path: Path) -> None:
    """A picture in git would grow it with each run, and show data of whoever ran it last."""
    assert shown_in(json.loads(path.read_text("utf-8"))) == []


def test_an_output_is_found() -> None:
    """The check sees each thing that a run leaves."""
    cell = {"cell_type": "code", "outputs": [{}], "execution_count": 3, "metadata": {"collapsed": True}}
    assert len(shown_in({"cells": [cell, {"cell_type": "markdown"}], "metadata": {"widgets": {}}})) == 4


def test_what_must_run_first_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a variant, and outside of a project, in a sentence each."""
    with pytest.raises(MissingTableError, match="kedro run --pipelines curate"):
        open_catalog(data_root=str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match="jupyter lab notebooks"):
        open_catalog(data_root=str(tmp_path))


def test_samples_are_shown_with_their_clips(curated: Project) -> None:
    """In a frame of their own, in which text of the release cannot end it."""
    catalog = open_catalog(data_root=str(curated.data_root), release_root=str(curated.release_root))
    shown = show_samples(catalog, ["Sparkle_style_000007"])._repr_html_()
    assert shown.count("<") == 2
    assert "data:video/mp4" in shown
    with pytest.raises(ParameterError, match="There is no such sample"):
        show_samples(catalog, ["Sparkle_time_999999"])
