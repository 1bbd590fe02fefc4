"""Times executors on items that each keep a core busy for 5 ms: ``python -m benchmarks.executors ITEMS CONTENDER``."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sparkle_curation.engine.executors.processes import Executor

ITEM_S = 0.005
BATCH_ITEMS = 10


@dataclass(frozen=True)
class Busy:
    """Answers each item with twice its number, after 5 ms of processor time."""

    def __call__(self, batch: list[int]) -> list[int]:
        """Twice each number."""
        for _ in batch:
            until = time.thread_time() + ITEM_S
            while time.thread_time() < until:
                pass
        return [2 * item for item in batch]


def run(contender: str, items: int) -> float:
    """Seconds until all answers are there, in their order."""
    batches = [list(range(start, min(start + BATCH_ITEMS, items))) for start in range(0, items, BATCH_ITEMS)]
    start = time.perf_counter()
    if contender == "ProcessPoolExecutor":
        with ProcessPoolExecutor() as pool:
            answers = [answer for batch in pool.map(Busy(), batches) for answer in batch]
    else:
        answers = [answer for batch in _executor(contender).map_batches(Busy(), batches) for answer in batch]
    if answers != [2 * item for item in range(items)]:
        raise RuntimeError(f"{contender} gives other answers")
    return time.perf_counter() - start


def _executor(contender: str) -> Executor:
    from sparkle_curation.engine.executors.processes import LocalExecutor, choose_executor
    from sparkle_curation.engine.shards import WorkPlace

    if contender == "ray":
        return choose_executor(place=WorkPlace(executor="ray"))
    return LocalExecutor(1 if contender == "one process" else None)


if __name__ == "__main__":
    from benchmarks.executors import run as run_imported  # as a worker finds it too

    print(json.dumps({"s": run_imported(sys.argv[2], int(sys.argv[1]))}))
