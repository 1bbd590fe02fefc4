"""Times what a journal does beside its work: ``python -m benchmarks.journals``.

A journal of small records is written once. Each step is a process of its own, in turn, with half the rows and with all of
them: of what is linear twice the rows take twice the work. The step ``open`` only imports and opens, for the base.
``--source DIR`` runs the steps on the sources of another checkout, which has ``compact`` and ``read`` too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import xxhash

from benchmarks.measure import as_table, run_in_turn

ROWS_A_RECORD = 16
SCHEMA = pa.schema([("key", pa.string()), ("value", pa.int64()), ("error", pa.string())])


def main() -> None:
    """Make the journals, time the steps, print the table."""
    options = _options()
    if options.step:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(shutil.copy(options.work / f"{options.rows}.journal", folder))
            start = time.perf_counter()
            STEPS[options.step](path, options.rows)
            print("work_s", time.perf_counter() - start)
        return
    if options.source:
        os.environ["PYTHONPATH"] = str(options.source)
    with tempfile.TemporaryDirectory(prefix="sparkle-bench-") as work:
        sizes = options.rows // 2, options.rows
        for rows in sizes:
            _make(Path(work, f"{rows}.journal"), rows)
        program = [sys.executable, "-m", "benchmarks.journals", "--work", work]
        for step in STEPS:
            commands = {f"{step} {rows:,}": [*program, "--rows", str(rows), "--step", step] for rows in sizes}
            print(as_table(run_in_turn(commands, options.rounds), f"{step} {sizes[0]:,}"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journals", description=__doc__)
    parser.add_argument("--rows", type=int, default=32_768, help="of the larger journal")
    parser.add_argument("--rounds", type=int, default=3, help="times that each step runs")
    parser.add_argument("--source", type=Path, help="the folder src of another checkout")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    return parser.parse_args()


def _make(path: Path, rows: int) -> None:
    from sparkle_curation.engine.journal.records import record_of, replace_file

    keys = _keys(rows)

    def records() -> Iterator[bytes]:
        for start in range(0, rows, ROWS_A_RECORD):
            part = keys[start : start + ROWS_A_RECORD]
            yield record_of(pa.table([part, range(len(part)), [None] * len(part)], schema=SCHEMA))

    replace_file(path, records())


def _keys(rows: int) -> list[str]:
    return [xxhash.xxh3_128_hexdigest(number.to_bytes(8)) for number in range(rows)]


def _step(name: str) -> Callable[[Path, int], object]:
    def run(path: Path, rows: int) -> None:
        from sparkle_curation.engine.journal.journal import Journal

        with Journal(path, SCHEMA) as journal:
            if name == "compact":
                journal.compact()
            elif name == "remaining":
                journal.remaining(_keys(rows))
            elif name == "rows":
                sum(part.num_rows for part in getattr(journal, "rows", lambda: [journal.read()])())

    return run


STEPS = {name: _step(name) for name in ("open", "compact", "remaining", "rows")}

if __name__ == "__main__":
    main()
