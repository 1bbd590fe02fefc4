"""Times a journal beside SQLite, which one would take otherwise: ``python -m benchmarks.journal_rivals WORK ROWS STEP``.

Records have 16 rows, as those of ``inspect`` with decoding have. What is missing is asked of keys half of which are there.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import time
from pathlib import Path

from benchmarks.journals import _keys, _make


def make(work: Path, rows: int) -> None:
    """A journal and a database of the same rows, made where they are not there."""
    if (work / "complete").exists():
        return
    work.mkdir(parents=True, exist_ok=True)
    _make(work / "rows.journal", rows)
    (work / "rows.sqlite").unlink(missing_ok=True)
    with sqlite3.connect(work / "rows.sqlite") as database:
        database.execute("create table rows (key text primary key, value integer, error text)")
        database.executemany(
            "insert into rows values (?, ?, null)", zip(_keys(rows), range(rows), strict=True)
        )
    database.close()
    (work / "complete").touch()


def step(work: Path, rows: int, name: str) -> float:
    """Seconds of one step, without imports."""
    engine, _, what = name.partition(", ")
    wanted = _keys(2 * rows) if what == "what is missing" else []
    return (_ours if engine == "ours" else _sqlite)(work, what, wanted)


def _ours(work: Path, what: str, wanted: list[str]) -> float:
    from benchmarks.journals import SCHEMA
    from sparkle_curation.engine.journal.journal import Journal

    path = work / "step.journal"
    shutil.copy(work / "rows.journal", path)
    start = time.perf_counter()
    with Journal(path, SCHEMA) as journal:
        if what == "compact":
            journal.compact()
        elif what == "what is missing":
            journal.remaining(wanted)
        else:
            sum(part.num_rows for part in journal.rows())
    return time.perf_counter() - start


def _sqlite(work: Path, what: str, wanted: list[str]) -> float:
    start = time.perf_counter()
    database = sqlite3.connect(work / "rows.sqlite")
    if what == "what is missing":
        there = {key for (key,) in database.execute("select key from rows")}
        _ = [key for key in wanted if key not in there]
    else:
        _ = sum(1 for _row in database.execute("select * from rows"))
    database.close()
    return time.perf_counter() - start


def main() -> None:
    """Make both, do the step, print its seconds."""
    work, rows, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    make(work, rows)
    print(json.dumps({"s": step(work, rows, name), "rows": rows}))


if __name__ == "__main__":
    main()
