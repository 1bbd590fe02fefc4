"""Work is done once, whatever ends the run that does it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from tests.engine.executors.batch_functions import RESULT_SCHEMA, SquaresLogged

from sparkle_curation.engine.executors.processes import LocalExecutor
from sparkle_curation.engine.executors.threads import ThreadsExecutor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.resumable import run_resumable

ALONE = LocalExecutor(1)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An empty journal."""
    return Journal(tmp_path / "squares.journal", RESULT_SCHEMA)


def squares(journal: Journal) -> dict[str, int]:
    """What the journal holds."""
    return {row["key"]: row["square"] for row in journal.read().to_pylist()}


def lines(log: Path) -> list[int]:
    """The numbers that were worked on, as often as they were."""
    return [int(line) for line in log.read_text(encoding="utf-8").split()] if log.exists() else []


def test_work_that_is_missing_is_done_in_batches(journal: Journal, tmp_path: Path) -> None:
    """In order, the journal before the caller, and what is there already is left alone."""
    log = tmp_path / "log"
    work = list(range(10))
    with journal:
        journal.append(SquaresLogged(tmp_path / "other")([3, 4]))
        for batch in run_resumable(work, str, SquaresLogged(log), ALONE, journal, batch_size=3):
            assert set(batch["key"].to_pylist()) <= set(squares(journal))
        assert list(run_resumable(work, str, SquaresLogged(log), ALONE, journal, batch_size=3)) == []
    assert lines(log) == [0, 1, 2, 5, 6, 7, 8, 9]
    assert squares(journal) == {str(number): number**2 for number in work}
    assert [rows.num_rows for rows in journal.records()] == [2, 3, 3, 2]


def test_work_that_is_there_twice_is_done_once(journal: Journal, tmp_path: Path) -> None:
    """Two samples with one digest have one result."""
    with journal:
        run = run_resumable(
            [1, 2, 1, 2, 3], str, SquaresLogged(tmp_path / "log"), ALONE, journal, batch_size=2
        )
        assert sum(batch.num_rows for batch in run) == 3
    assert lines(tmp_path / "log") == [1, 2, 3]


def test_failed_work_is_done_again_where_that_is_asked_for(tmp_path: Path) -> None:
    """An error is a result like another, but for those that the journal retries."""
    for retried, again in (([], []), (["negative"], [-1])):
        journal, log = (
            Journal(tmp_path / f"{retried}", RESULT_SCHEMA, retried_errors=retried),
            tmp_path / "log",
        )
        with journal:
            list(run_resumable([1, -1], str, SquaresLogged(log), ALONE, journal, batch_size=8))
            log.unlink()
            list(run_resumable([1, -1], str, SquaresLogged(log), ALONE, journal, batch_size=8))
        assert lines(log) == again
        log.unlink(missing_ok=True)


def test_progress_counts_what_is_done_and_what_failed(journal: Journal, tmp_path: Path) -> None:
    """From what was there already up to all of it."""
    seen: list[tuple[int, int]] = []
    function = SquaresLogged(tmp_path / "log")
    with journal:
        journal.append(function([0, 1]))
        run = run_resumable(
            [0, 1, 2, -3, 4, -5, -6],
            str,
            function,
            ALONE,
            journal,
            batch_size=2,
            progress=lambda done, failed: seen.append((done, failed)),
        )
        assert sum(batch.num_rows for batch in run) == 5
    assert seen == [(2, 0), (4, 1), (6, 2), (7, 3)]


def test_results_are_noted_as_they_are_done(journal: Journal) -> None:
    """A batch that takes long keeps none behind it out of the journal."""
    others_are_noted = threading.Event()

    def slow_at_first(batch: list[int]) -> pa.Table:
        if batch == [0]:
            assert others_are_noted.wait(60)
        keys = [str(number) for number in batch]
        return pa.table([keys, batch, [None] * len(batch)], schema=RESULT_SCHEMA)

    with journal:
        results = run_resumable(range(4), str, slow_at_first, ThreadsExecutor(2), journal, batch_size=1)
        for _ in range(3):
            next(results)
        assert sorted(squares(journal)) == ["1", "2", "3"]
        others_are_noted.set()
        assert len(list(results)) == 1
    assert sorted(squares(journal)) == ["0", "1", "2", "3"]


def test_results_of_other_work_are_refused(journal: Journal) -> None:
    """A function that loses, adds or swaps rows is a defect, and its rows do not reach the journal."""

    def backwards(batch: list[int]) -> pa.Table:
        keys = [str(number) for number in reversed(batch)]
        return pa.table([keys, batch, [None] * len(batch)], schema=RESULT_SCHEMA)

    with journal, pytest.raises(ValueError, match="2 rows that are those of no batch in hand"):
        list(run_resumable([1, 2], str, backwards, ALONE, journal, batch_size=2))
    assert squares(journal) == {}


# ------------------------------------------------------------------ killed
PROGRAM = """
import sys
from pathlib import Path
from tests.engine.executors.batch_functions import RESULT_SCHEMA, SquaresLogged
from sparkle_curation.engine.executors.processes import LocalExecutor
from sparkle_curation.engine.executors.threads import ThreadsExecutor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.resumable import run_resumable
folder, processes = Path(sys.argv[1]), int(sys.argv[2])
executor = LocalExecutor(processes, head_start_s=0)
with Journal(folder / "squares.journal", RESULT_SCHEMA) as journal:
    function = SquaresLogged(folder / "log", pause_s=0.003)
    for _ in run_resumable(range(2000), str, function, executor, journal, batch_size=4):
        pass
"""


@pytest.mark.slow
@pytest.mark.parametrize(("processes", "kills"), [(1, 6), (2, 20)])
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_is_not(
    processes: int, kills: int, tmp_path: Path, checkout: Path
) -> None:
    """Kills -9 at random moments: the same result, and nothing done twice but the batches in hand."""
    journal = Journal(tmp_path / "squares.journal", RESULT_SCHEMA)
    killed = 0
    for _ in range(kills):
        run = _start(tmp_path, processes, checkout)
        target = journal.path.stat().st_size if journal.path.exists() else 0
        target += random.randint(0, 40_000)  # noqa: S311 -- up to some 35 batches further
        while run.poll() is None and not (journal.path.exists() and journal.path.stat().st_size > target):
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.004))  # noqa: S311
        run.kill()
        killed += run.wait() != 0
    done_before = len(squares(journal))
    assert _start(tmp_path, processes, checkout).wait(timeout=120) == 0
    expected = {str(number): number**2 for number in range(2000)}
    assert squares(journal) == expected
    assert sum(rows.num_rows for rows in journal.records()) == len(expected), "a row stands twice"
    assert killed >= kills // 2, f"too few runs were killed in time, {done_before} rows before the last"
    # A batch is in hand from when it is handed out to when it is in the journal: one for each process, one waiting.
    times = Counter(lines(tmp_path / "log"))
    assert set(times) == set(range(2000))
    assert times.total() - 2000 <= killed * (processes + 1) * 4


def _start(folder: Path, processes: int, checkout: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), str(processes)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [*sys.path, str(checkout)]))},
        stdout=subprocess.DEVNULL,
    )
