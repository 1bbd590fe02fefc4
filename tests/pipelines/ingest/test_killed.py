"""A run that is killed at any moment leaves each output as it was or as it shall be, never in between."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project
from tests.made import forked_kedro

from sparkle_curation.engine.io.atomic import is_leftover

TEMPORARY = re.compile(r"\..+\.[0-9]+\.tmp(\..+)?")
VARIANT = Path("05_model_input/kiwi_edit")
MOMENTS = 3

Outputs = dict[Path, object]


def is_temporary(path: Path) -> bool:
    """Whether a path is that of a temporary or of a lock, whose file a killed run leaves, or lies in such a folder."""
    return any(TEMPORARY.fullmatch(part) or part == ".locks" for part in path.parts)


def outputs_of(root: Path) -> Outputs:
    """Every output below a root by its path: a table by its rows, the variant's folder as one, a file by its bytes."""
    files = [path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_file()]
    # The site's pages are named after the moment they were made; it is exchanged as one folder. A journal is no
    # output: it holds what was done when the run was killed.
    whole = [
        path for path in files if not is_temporary(path) and not {"data_docs", "journals"} & {*path.parts}
    ]
    variant = {str(path): (root / path).read_bytes() for path in whole if path.is_relative_to(VARIANT)}
    return {
        **({VARIANT: variant} if variant else {}),
        **{path: _content(root / path) for path in whole if not path.is_relative_to(VARIANT)},
    }


def _content(path: Path) -> object:
    if (
        path.parent.name == "validations"
    ):  # a report says when it was made: whole, and of what, is what counts
        return json.loads(path.read_text(encoding="utf-8"))["fingerprint"]
    if path.suffix == ".html":  # so does a page
        return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "", path.read_text(encoding="utf-8"))
    if path.suffix != ".parquet":
        return path.read_bytes()
    table = pl.read_parquet(path)
    return (table.schema, table.rows())


def temporaries(root: Path) -> list[Path]:
    """What lies below a root under a temporary name; not of a killed run whose number another process has by now."""
    return [path for path in root.rglob("*") if is_leftover(path, root)]


def kill_after(project: Project, changes: int, params: Mapping[str, object], delay_s: float) -> int:
    """Start a curation and kill it when so many files have come or been replaced; gives its exit status."""
    before = _inodes(project.data_root)
    seen: set[int] = set()
    with Path(os.devnull).open("w") as nowhere:
        process = forked_kedro.start(
            project.command("--pipelines", "curate", params=params), os.environ, nowhere, nowhere
        )
    try:
        while process.poll() is None and len(seen) < changes:
            seen |= _inodes(project.data_root) - before
            time.sleep(0.001)
        time.sleep(delay_s)
    finally:
        process.kill()
    return process.wait(timeout=30)


def _inodes(root: Path) -> set[int]:
    found = set()
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                found.add(os.stat(os.path.join(folder, name)).st_ino)  # noqa: PTH116, PTH118 -- many a second
            except FileNotFoundError:
                continue
    return found


OLDER, NEWER = {"threshold": 8.5}, {"threshold": 7.5}


@pytest.fixture(scope="module")
def whole(
    kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Project]:
    """Curations that nothing has killed: the older variant, and in a copy of its outputs the newer one."""
    folder = tmp_path_factory.mktemp("whole")
    older = Project(sample_release, folder / "older", OLDER)
    older.run_here("curate")
    newer = Project(sample_release, folder / "newer", NEWER)
    shutil.copytree(older.data_root, newer.data_root)
    newer.run_here("curate")
    return {"older": older, "newer": newer}


@pytest.mark.slow
@pytest.mark.parametrize("start", ["nothing there", "an older variant there"])
def test_a_killed_run_leaves_whole_outputs(start: str, project: Project, whole: dict[str, Project]) -> None:
    """At several moments: every file whole, the CSVs of one variant, and the next run completes and tidies up."""
    older = whole["older"].data_root if start == "an older variant there" else None
    old, new = outputs_of(older) if older else {}, outputs_of(whole["newer"].data_root)
    assert len(new) > 30
    # A run from nothing writes every output; one over an older variant at least those that differ.
    last_change = sum(old.get(path) != content for path, content in new.items())

    statuses = []
    for moment in range(MOMENTS):
        shutil.rmtree(project.data_root, ignore_errors=True)
        if older:
            shutil.copytree(older, project.data_root)
        changes = max(1, round(last_change * (moment + random.random()) / MOMENTS))  # noqa: S311
        statuses.append(kill_after(project, changes, NEWER, random.uniform(0, 0.02)))  # noqa: S311
        found = outputs_of(project.data_root)
        assert set(old) <= set(found) <= set(old) | set(new)
        halves = [path for path, content in found.items() if content not in (old.get(path), new.get(path))]
        assert halves == [], f"killed after {changes} changes"
    assert statuses.count(-signal.SIGKILL) >= MOMENTS // 2, f"too few were killed in time: {statuses}"

    project.run_here("curate", params=NEWER)
    assert outputs_of(project.data_root) == new
    assert temporaries(project.data_root) == []
