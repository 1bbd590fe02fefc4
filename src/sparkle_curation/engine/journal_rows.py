"""The rows of a journal by their keys, without the journal in memory."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa

from sparkle_curation.engine.journal import ERROR, KEY, Journal
from sparkle_curation.engine.records import Frame, bytes_of, find_frames, rows_of

_NOTED = (KEY, ERROR, f"{ERROR}_detail")


class _Place(NamedTuple):
    """Where a row is: its frame and its row there, both counted from 0."""

    frame: int
    row: int


class JournalRows:
    """The last row of each key, as the journal is now: what is appended or compacted later does not show.

    Rows that are asked for in about the order in which they were appended are unpacked once; others more often.
    In memory are the keys, the errors and one frame.

    Args:
        journal: need not be open.

    Attributes:
        bytes_read: of frames that were unpacked so far.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._file = journal.path.open("rb")
        weakref.finalize(self, self._file.close)
        self._frames = list(find_frames(self._file))
        self._places: dict[str, _Place] = {}
        self._failures: dict[str, tuple[str | None, ...]] = {}
        for number, frame in enumerate(self._frames):
            self._note(number, self._rows(frame, [name for name in _NOTED if name in journal.schema.names]))
        self.bytes_read = 0
        self._unpacked: tuple[int, pa.Table] | None = None

    def _note(self, number: int, rows: pa.Table) -> None:
        for row, (key, *failure) in enumerate(zip(*rows.to_pydict().values(), strict=True)):
            self._places[key] = _Place(number, row)
            if any(failure):
                self._failures[key] = tuple(failure)
            else:
                self._failures.pop(key, None)

    def __contains__(self, key: object) -> bool:
        """Whether the journal has a row of that key."""
        return key in self._places

    def failure(self, key: str) -> tuple[str | None, ...] | None:
        """The error of the work of that key, with its detail where the journal has such; None where it did not fail."""
        return self._failures.get(key)

    def size_bytes(self, keys: Iterable[str]) -> int:
        """Of the frames that hold the rows of these keys."""
        frames = {self._places[key].frame for key in keys if key in self._places}
        return sum(self._frames[number].end - self._frames[number].start for number in frames)

    def take(self, keys: Sequence[str]) -> pa.Table:
        """The rows of these keys, in the journal's order; a key that it lacks has none."""
        places = sorted({self._places[key] for key in keys if key in self._places})
        by_frame: dict[int, list[int]] = {}
        for place in places:
            by_frame.setdefault(place.frame, []).append(place.row)
        taken = [self._unpack(number).take(rows) for number, rows in by_frame.items()]
        return pa.concat_tables([self._journal.schema.empty_table(), *taken])

    def _unpack(self, number: int) -> pa.Table:
        if self._unpacked is None or self._unpacked[0] != number:
            self._unpacked = None  # first, so that never two are in memory
            frame = self._frames[number]
            self._unpacked = number, self._rows(frame)
            self.bytes_read += frame.end - frame.start
        return self._unpacked[1]

    def _rows(self, frame: Frame, names: list[str] | None = None) -> pa.Table:
        return self._journal.fit(rows_of(bytes_of(self._file, frame), names), names)
