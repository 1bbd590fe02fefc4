"""Functions of batches that worker processes can import."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

RESULT_SCHEMA = pa.schema([("key", pa.string()), ("square", pa.int64()), ("error", pa.string())])


def double(batch: list[int]) -> list[int]:
    """Twice each number."""
    return [2 * number for number in batch]


def double_slowly(batch: list[int]) -> tuple[int, list[int]]:
    """Twice each number after a while that differs, and who did it."""
    time.sleep(batch[0] % 3 * 0.005)
    return os.getpid(), double(batch)


def print_and_double(batch: list[int]) -> list[int]:
    """Twice each number, with noise where answers are expected."""
    print("noise on the way", flush=True)  # noqa: T201
    os.write(1, b"noise\n")
    return double(batch)


def fail_at_seven(batch: list[int]) -> list[int]:
    """Twice each number, but for seven."""
    if 7 in batch:
        raise ValueError("no seven")
    return double(batch)


def die_at_seven(batch: list[int]) -> list[int]:
    """Twice each number; at seven the process is killed, as for want of memory."""
    if 7 in batch:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(batch)


def exit_at_seven(batch: list[int]) -> list[int]:
    """Twice each number; at seven the process ends, as when a library crashes."""
    if 7 in batch:
        os._exit(3)
    return double(batch)


def return_lambda(_: list[int]) -> object:
    """What cannot be pickled."""
    return lambda: None


def wait_long(batch: list[int]) -> list[int]:
    """A batch that nobody waits for."""
    if batch[0]:
        time.sleep(60)
    return batch


@dataclass(frozen=True)
class MeetAnother:
    """Waits with each batch until another process has one too."""

    folder: Path

    def __call__(self, batch: list[int]) -> tuple[int, list[int]]:
        """Who did it, and twice each number."""
        (self.folder / str(os.getpid())).touch()
        while len(list(self.folder.iterdir())) < 2:
            time.sleep(0.01)
        return os.getpid(), double(batch)


@dataclass
class Counter:
    """Counts the batches that it was called with: what a process loads once stays with it."""

    calls: int = field(default=0)

    def __call__(self, _: list[int]) -> tuple[int, int]:
        """Who counted, and how far."""
        self.calls += 1
        return os.getpid(), self.calls


@dataclass(frozen=True)
class SquaresLogged:
    """The squares of numbers as rows of a journal; a line for each in a file, so that work done twice shows."""

    log: Path
    pause_s: float = 0.0

    def __call__(self, batch: list[int]) -> pa.Table:
        """One row per number; a negative one is an error."""
        time.sleep(self.pause_s)
        with self.log.open("a", encoding="utf-8") as log:
            log.write("".join(f"{number}\n" for number in batch))
        rows = {
            "key": [str(number) for number in batch],
            "square": [number**2 if number >= 0 else None for number in batch],
            "error": [None if number >= 0 else "negative" for number in batch],
        }
        return pa.table(rows, schema=RESULT_SCHEMA)
