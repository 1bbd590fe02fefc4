"""Room for a run, and what killed runs left."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.made.bench import ROOT

from sparkle_curation.doctor.disk import check_disk, check_leftovers
from sparkle_curation.doctor.finding import State
from sparkle_curation.doctor.setup import Setup

SetupOf = Callable[..., Setup]


def test_room_is_compared_with_outputs_and_texts(
    setup_of: SetupOf, sample_release: Path, tmp_path: Path
) -> None:
    """The largest file that is replaced, or the texts of the release."""
    root = tmp_path / "data"
    (root / "a").mkdir(parents=True)
    (root / "a" / "table").write_bytes(b"x" * 2_000_000)
    (root / "other").write_bytes(b"x" * 10)
    (found,) = check_disk(setup_of())
    free = int(re.match("[0-9,]+", found.found)[0].replace(",", ""))  # type: ignore[index]
    assert abs(free - shutil.disk_usage(root).free) < 1 << 30
    assert "hold 2,000,010 bytes in 2 files. A run needs up to 2,000,000 more" in found.found
    texts = [path for path in sample_release.rglob("*") if path.suffix in {".csv", ".jsonl"}]
    assert f"the release's texts {sum(path.stat().st_size for path in texts):,}" in found.found


def test_what_is_read_and_lies_in_the_data_root_is_no_output(
    setup_of: SetupOf, sample_release: Path, tmp_path: Path
) -> None:
    """As in a checkout: release and benchmark lie in the data root's own folder."""
    roots = {"release_root": sample_release / "prompts", "bench_root": ROOT / "source_videos"}
    copies = {
        name: shutil.copytree(root, tmp_path / "data" / "01_raw" / name) for name, root in roots.items()
    }
    (found,) = check_disk(setup_of(**copies))
    assert "hold 0 bytes in 0 files" in found.found


def test_a_data_root_that_is_a_file_is_a_problem(setup_of: SetupOf, tmp_path: Path) -> None:
    """Nothing can be written there."""
    (tmp_path / "data").write_text("", "utf-8")
    (found,) = check_disk(setup_of())
    assert found.state == State.PROBLEM


def test_more_than_there_is_room_for_is_a_problem(setup_of: SetupOf, tmp_path: Path) -> None:
    """A file with a hole: it has the length, and takes no room."""
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "table").open("wb") as file:
        file.truncate(shutil.disk_usage(tmp_path).free + (1 << 36))
    (found,) = check_disk(setup_of())
    assert (found.state, found.todo) == (State.PROBLEM, "free some space, or give another data_root")


def test_leftovers_of_killed_runs_are_told_and_not_those_of_live_ones(
    setup_of: SetupOf, tmp_path: Path
) -> None:
    """Files, and what lies in a folder that was being written."""
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    folder = tmp_path / "data" / "02"
    within = folder / f".docs.{finished.pid}.tmp"
    within.mkdir(parents=True)
    (within / "page").write_bytes(b"12")
    (folder / f".t.parquet.{finished.pid}.tmp.complete").write_bytes(b"345")
    (folder / f".t.parquet.{os.getppid()}.tmp").write_bytes(b"live")
    (folder / ".t.tmp").write_bytes(b"another's")
    (found,) = check_leftovers(setup_of())
    assert found.state == State.WARNING
    assert found.found.startswith("2 temporary files of killed runs, 5 bytes: ")
    assert str(os.getppid()) not in found.found.replace(str(finished.pid), "")
    shutil.rmtree(folder)
    (found,) = check_leftovers(setup_of())
    assert found.state == State.OK
