"""The versions of code and data are read where they stand, and never written."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import polars as pl
import pytest
from kedro.io import DatasetError

from sparkle_curation.datasets import DataVersionDataset, GitRevisionDataset
from sparkle_curation.variant.provenance import CodeVersion


def git(folder: Path, *arguments: str) -> str:
    """What git answers in a folder."""
    who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout_of_two_files(tmp_path: Path) -> Path:
    """A git checkout with a module and a note, both committed."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "module.py").write_text("one = 1\n", encoding="utf-8")
    (folder / "note.md").write_text("a note\n", encoding="utf-8")
    git(tmp_path, "init", "--quiet", str(folder))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


def test_the_revision_is_gits(checkout_of_two_files: Path) -> None:
    """The whole hash of the commit; a changed note does not make the code another one."""
    revision = git(checkout_of_two_files, "rev-parse", "HEAD")
    dataset = GitRevisionDataset(path=str(checkout_of_two_files))
    (checkout_of_two_files / "note.md").write_text("another\n", encoding="utf-8")
    assert dataset.load() == CodeVersion(revision, is_dirty=False)
    assert json.loads(dataset.preview()) == {"revision": revision, "is_dirty": False}


@pytest.mark.parametrize("name", ["src/module.py", "src/new.py", "conf/base/parameters.yml"])
def test_changed_code_is_dirty(checkout_of_two_files: Path, name: str) -> None:
    """A module or a setting that differs from the commit, or is not in it."""
    changed = checkout_of_two_files / name
    changed.parent.mkdir(parents=True, exist_ok=True)
    changed.write_text("two: 2\n", encoding="utf-8")
    assert GitRevisionDataset(path=str(checkout_of_two_files)).load().is_dirty


def test_outside_a_checkout_there_is_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a folder without git, nor in a fresh one without a commit, nor where git is not installed."""
    nothing = CodeVersion(None, is_dirty=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert GitRevisionDataset(path=str(tmp_path)).load() == nothing
    git(tmp_path, "init", "--quiet", str(tmp_path / "fresh"))
    assert GitRevisionDataset(path=str(tmp_path / "fresh")).load() == nothing
    monkeypatch.setenv("PATH", "")
    assert GitRevisionDataset(path=str(tmp_path)).load() == nothing


def test_the_data_are_those_of_all_tables(tmp_path: Path) -> None:
    """The lists of all tables count; before the first ingest there are none."""
    paths = {name: str(tmp_path / f"{name}.parquet") for name in ("annotations", "assets")}
    dataset = DataVersionDataset(filepaths=paths)
    assert not dataset.exists()
    assert dataset.preview() == "{}"
    with pytest.raises(DatasetError):
        dataset.load()
    for table, path in paths.items():
        row = {"table": table, "path": "a", "size_bytes": 5, "record_count": 2, "xxh3_128": None}
        pl.DataFrame([row], schema_overrides={"xxh3_128": pl.String}).write_parquet(path)
    version = dataset.load()
    assert (version.source_count, version.record_count, version.size_bytes) == (2, 4, 10)
    assert json.loads(dataset.preview())["digest"] == version.digest


@pytest.mark.parametrize("dataset", [GitRevisionDataset(path="."), DataVersionDataset(filepaths={})])
def test_a_version_is_not_written(dataset: GitRevisionDataset | DataVersionDataset) -> None:
    """It is the version of something else."""
    with pytest.raises(DatasetError):
        dataset.save("1.0")
