"""Judges in a process of its own, to be killed: importing takes seconds, so it is started once and forks.

Reads a folder from standard input for each run, forks, tells the child's process id, waits for it, and tells how it ended.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.bench.judging.loopback_judge import NAME
from tests.bench.judging.made import judge_all, made_tables, make_judge


def main(url: str) -> None:
    """Serve runs until standard input ends."""
    from sparkle_curation.models import server_client  # noqa: F401, PLC0415 -- so that no child has to

    for line in sys.stdin:
        child = os.fork()
        if not child:
            judge(url, Path(line.strip()))
            os._exit(0)
        tell(child)
        tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def judge(url: str, folder: Path) -> None:
    """Judge the made benchmark, and write the tables."""
    judgments, scores = judge_all(make_judge(url, NAME), folder, made_tables())
    judgments.write_parquet(folder / "judgments.parquet")
    scores.write_parquet(folder / "scores.parquet")


def tell(number: int) -> None:
    """Say a number to the test."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
