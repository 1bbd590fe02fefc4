"""How long work takes, noted as it is done: a line a batch in one file beside the journals, for whoever plans a run.

A pace is of a step, of what does it (model and settings) and of a device: another model or GPU begins a new one, and the one
that was noted last stands.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import pyarrow as pa

from sparkle_curation.engine.batch_functions import TwoSteps
from sparkle_curation.engine.io.atomic import atomic_file

logger = logging.getLogger(__name__)

ItemT = TypeVar("ItemT")

NAME = "paces.jsonl"
_MOST_BYTES = 1 << 20
"""A longer file begins anew with its last half: some thousand lines say how long a sample takes."""


class Pace(NamedTuple):
    """How long a step takes.

    Attributes:
        seconds: a sample, the median of the batches.
        samples: that were measured.
        device: where.
        work: what did it.
    """

    seconds: float
    samples: int
    device: str
    work: str


@dataclass(frozen=True)
class PaceNotes:
    """What runs note of one kind of work; travels to other processes.

    Attributes:
        path: of the file.
        work: what does it: the model, and whatever else decides how long it takes.
        device: tells where it is done; asked when something is noted, since only a loaded library knows a GPU.
    """

    path: Path
    work: str
    device: Callable[[], str]

    @classmethod
    def beside(cls, journal: Path, work: str, device: Callable[[], str]) -> PaceNotes:
        """The notes in the folder of a journal."""
        return cls(journal.parent / NAME, work, device)

    def note(self, step: str, samples: int, seconds: float) -> None:
        """Add a line; where that cannot be written a warning says so, since nothing but a forecast hangs on it."""
        if samples <= 0:
            return
        line = {
            "step": step,
            "work": self.work,
            "device": self.device(),
            "samples": samples,
            "seconds": seconds,
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _shorten(self.path)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            try:
                # A line of its own, even behind one that a killed run did not end.
                os.write(handle, f"\n{json.dumps(line, ensure_ascii=True)}\n".encode())
            finally:
                os.close(handle)
        except OSError as error:
            logger.warning("%s: how long %s took is not noted: %s", self.path, step, error.strerror)

    @contextmanager
    def timed(self, step: str, samples: int) -> Iterator[None]:
        """Note how long something took, where it came to its end."""
        start = time.perf_counter()
        yield
        self.note(step, samples, time.perf_counter() - start)


@dataclass(frozen=True)
class PacedBatch(Generic[ItemT]):
    """A function over batches that notes how long a model takes for its second step; reading, done ahead, is not in it.

    Attributes:
        function: of two steps, whose result has a column ``error``.
        notes: where.
        load: makes the model ready, which happens once and is no part of a pace.
        steps: the step of an item, and its share of a batch's seconds beside the others, such as its pictures.
    """

    function: TwoSteps[ItemT, pa.Table]
    notes: PaceNotes
    load: Callable[[], None]
    steps: Callable[[ItemT], tuple[str, float]]

    def __call__(self, batch: list[ItemT]) -> pa.Table:
        """The result of the batch."""
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[ItemT]) -> Any:
        """The first step, which is not timed."""
        return self.function.prepare(batch)

    def finish(self, batch: list[ItemT], prepared: Any) -> pa.Table:
        """The second step; a batch of which nothing came is not noted."""
        self.load()
        start = time.perf_counter()
        rows = self.function.finish(batch, prepared)
        seconds = time.perf_counter() - start
        if rows["error"].null_count:
            self._note(batch, seconds)
        return rows

    def _note(self, batch: Sequence[ItemT], seconds: float) -> None:
        shares = [self.steps(item) for item in batch]
        whole = sum(share for _, share in shares)
        for step in dict.fromkeys(step for step, _ in shares):
            own = [share for name, share in shares if name == step]
            self.notes.note(step, len(own), seconds * sum(own) / whole)


def read_paces(path: Path) -> dict[str, Pace]:
    """Step -> its pace: that of the work and device that were noted last; nothing without a file.

    Lines that a killed run did not end, or that another program wrote, are passed over.
    """
    found: dict[str, dict[tuple[str, str], list[tuple[int, float]]]] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        try:
            row = json.loads(line)
            noted = (int(row["samples"]), float(row["seconds"]))
            of_step, work = found.setdefault(str(row["step"]), {}), (str(row["work"]), str(row["device"]))
        except (ValueError, TypeError, KeyError):
            continue
        of_step[work] = [*of_step.pop(work, []), noted]  # the last one noted stands last
    return {step: _pace(*list(of_step.items())[-1]) for step, of_step in found.items()}


def _pace(work: tuple[str, str], batches: list[tuple[int, float]]) -> Pace:
    seconds = statistics.median(taken / samples for samples, taken in batches)
    return Pace(seconds, sum(samples for samples, _ in batches), device=work[1], work=work[0])


def _shorten(path: Path) -> None:
    if not path.is_file() or path.stat().st_size < _MOST_BYTES:
        return
    kept = path.read_bytes()[-_MOST_BYTES // 2 :]
    with atomic_file(path) as temporary:
        temporary.write_bytes(kept.partition(b"\n")[2])
