"""The rows of a journal by their keys, without the journal in memory."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sparkle_curation.engine.journal.faults import telling_faults
from sparkle_curation.engine.journal.journal import ERROR, KEY, Journal
from sparkle_curation.engine.journal.key_index import Bools, KeyIndex, Keys, Places
from sparkle_curation.engine.journal.records import Record, bytes_of, find_records, rows_of

_NOTED = (KEY, ERROR, f"{ERROR}_detail")

Failure = tuple[str | None, ...]


class JournalRows:
    """The last row of each key, as the journal is now: what is appended or compacted later does not show.

    Rows that are asked for in about the order in which they were appended are unpacked once; others more often.
    In memory are 20 bytes a key, the errors and one record.

    Args:
        journal: need not be open.

    Attributes:
        bytes_read: of records that were unpacked so far.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._file = journal.path.open("rb")
        weakref.finalize(self, self._file.close)
        self._failures: dict[int, Failure] = {}
        with telling_faults(journal.path):
            found = np.fromiter(find_records(self._file), np.dtype((np.int64, 2)))
        self._records: npt.NDArray[np.int64] = found.astype(np.int64, copy=False)
        """The first byte of each record, and the first one after it."""
        self._ends = np.zeros(len(found), np.int64)
        """The number of rows up to the end of each record."""
        self._index = KeyIndex(self._noted_keys())
        standing = self._index.standing
        self._failures = {row: told for row, told in self._failures.items() if standing[row]}
        self.bytes_read = 0
        self._unpacked: tuple[int, pa.Table] | None = None

    def _noted_keys(self) -> Iterator[pa.ChunkedArray]:
        names = [name for name in _NOTED if name in self._journal.schema.names]
        count = 0
        for number in range(len(self._records)):
            rows = self._rows(number, names)
            told = rows.drop_columns(KEY)
            is_failed = np.zeros(rows.num_rows, np.bool_)
            for column in told.columns:
                is_failed |= pc.is_valid(column).to_numpy()
            for row in np.flatnonzero(is_failed).tolist():
                failure = tuple(column[row].as_py() for column in told.columns)
                if any(failure):
                    self._failures[count + row] = failure
            count += rows.num_rows
            self._ends[number] = count
            yield rows[KEY]

    def __reduce__(self) -> tuple[type[JournalRows], tuple[Journal]]:
        """To another process goes the journal, which is opened anew there: what is open here is of this process."""
        return JournalRows, (self._journal,)

    def __contains__(self, key: object) -> bool:
        """Whether the journal has a row of that key; ``holds`` is for many."""
        return key in self._index

    def holds(self, keys: Keys) -> Bools:
        """Whether the journal has a row of each of these keys."""
        return self._index.holds(keys)

    def failures(self, keys: Keys) -> list[Failure | None]:
        """The error of the work of each key, with its detail where the journal has such; None where it did not fail."""
        return [self._failures.get(row) for row in self._index.places(keys).tolist()]

    def size_bytes(self, keys: Keys) -> int:
        """Of the records that hold the rows of these keys."""
        rows = self._index.places(keys)
        records = self._records[np.unique(self._record_of(rows[rows >= 0]))]
        return int((records[:, 1] - records[:, 0]).sum())

    def take(self, keys: Keys) -> pa.Table:
        """The rows of these keys, in the journal's order; a key that it lacks has none."""
        rows = np.unique(self._index.places(keys))
        rows = rows[rows >= 0]
        records, firsts = np.unique(self._record_of(rows), return_index=True)
        taken = [
            self._unpack(number).take(part - (self._ends[number - 1] if number else 0))
            for number, part in zip(records.tolist(), np.split(rows, firsts[1:]), strict=False)
        ]
        return pa.concat_tables([pa.Table.from_batches([], self._journal.schema), *taken])

    def _record_of(self, rows: Places) -> Places:
        return np.searchsorted(self._ends, rows, side="right")

    def _unpack(self, number: int) -> pa.Table:
        if self._unpacked is None or self._unpacked[0] != number:
            self._unpacked = None  # first, so that never two are in memory
            self._unpacked = number, self._rows(number)
            self.bytes_read += int(self._records[number, 1] - self._records[number, 0])
        return self._unpacked[1]

    def _rows(self, number: int, names: list[str] | None = None) -> pa.Table:
        record = Record(*self._records[number].tolist())
        return self._journal.fit(rows_of(bytes_of(self._file, record), names), names)
