"""A file that results are appended to as they come, so that a run that is killed loses none that it had.

A batch of rows is written as one record, flushed to the disk, and only then counts; see ``engine.journal.records``. What a
killed writer left at the end has a wrong checksum, and is cut off when the journal is opened.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import compress, islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sparkle_curation.engine.journal.faults import JournalError, telling_faults
from sparkle_curation.engine.journal.key_index import Bools, KeyIndex
from sparkle_curation.engine.journal.locking import lock_journal
from sparkle_curation.engine.journal.owners import note_owners
from sparkle_curation.engine.journal.pieces import Pieces, drop_pieces, pieces_path
from sparkle_curation.engine.journal.records import (
    FIRST_LINE,
    FIRST_LINE_BYTES,
    append_record,
    bytes_of,
    check_first_line,
    cut,
    find_records,
    record_of,
    replace_file,
    rows_of,
)
from sparkle_curation.engine.journal.wanted import note_wanted, wanted_keys
from sparkle_curation.engine.shards import WorkPlace

logger = logging.getLogger(__name__)

KEY = "key"
"""The column that says which work a row is the result of: a digest of everything that the result depends on."""
ERROR = "error"
"""The column, if there is one, that says why the work failed."""

_COMPACTED_ROWS = 65_536
_COMPACTED_BYTES = 32 << 20
"""A record of a compacted journal ends at whichever comes first: rows may hold long texts."""
_LOOKED_UP_KEYS = 65_536
_MAX_RECORDS = 64
_SMALL_BYTES = 1 << 20
"""Opening a record takes 0.3 ms, whatever it holds: a journal of more than so many small ones is made one of few."""


class Pruning(NamedTuple):
    """What ``Journal.prune`` has dropped, or would.

    Attributes:
        rows: of the journal before.
        dropped_rows: those that nobody wants.
        size_bytes: of the file before.
        dropped_bytes: what it is shorter by; of a dry run about that.
    """

    rows: int
    dropped_rows: int
    size_bytes: int
    dropped_bytes: int


class Journal:
    """Rows by the work that they are the result of, on disk.

    ``with journal:`` opens it for one writer; another one meanwhile is refused. Reading needs no opening. Of
    several rows with one key the last holds, so that failed work can be done again.

    Args:
        path: the file; made when it is first opened.
        schema: of the rows, with a text column ``key`` that is never null. A journal that an older version wrote
            may lack columns, which are then null.
        retried_errors: values of the column ``error`` that do not stand: such work is done again.
        place: where this run does the work that it notes: which share of it, and whose processes.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        *,
        retried_errors: Iterable[str] = (),
        place: WorkPlace = WorkPlace(),  # noqa: B008 -- it cannot be changed
    ) -> None:
        self.path, self.schema, self.retried_errors = path, schema, frozenset(retried_errors)
        self.place = place
        for name in (KEY, ERROR) if self.retried_errors else (KEY,):
            if name not in schema.names or schema.field(name).type != pa.string():
                raise ValueError(f"such a journal has a text column {name!r}")
        self._handle: int | None = None
        self._lock: BinaryIO | None = None
        self._end = 0
        self._pieces: Pieces | None = None

    # -------------------------------------------------------------- opening and closing
    def __enter__(self) -> Self:
        """The journal, open: locked, and its torn or damaged parts cut out.

        Raises:
            JournalError: another process has it open, or the file is no journal.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = lock_journal(self.path)
        try:
            self._mend()
            self._reopen()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the journal and lets others write."""
        self._close()

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
        if self._lock is not None:
            self._lock.close()
        self._handle = self._lock = None

    def _reopen(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
        self._handle = os.open(self.path, os.O_RDWR)
        self._end = os.fstat(self._handle).st_size

    def _open_handle(self) -> int:
        if self._handle is None:
            raise ValueError("the journal is not open: use `with journal:`")
        return self._handle

    def _mend(self) -> None:
        """Makes the file, or brings it to whole records."""
        if not self.path.exists():
            pieces_path(self.path).unlink(
                missing_ok=True
            )  # who takes a journal away wants its work done anew
            replace_file(self.path, [])
        with telling_faults(self.path):
            with self.path.open("rb") as file:
                start = file.read(FIRST_LINE_BYTES)
            check_first_line(start)
            if len(start) < len(FIRST_LINE):  # a killed run did not come to the end of the first line
                replace_file(self.path, [])
        with self.path.open("r+b") as file, telling_faults(self.path):
            size = os.fstat(file.fileno()).st_size
            records = list(find_records(file))
            kept = len(FIRST_LINE) + sum(record.end - record.start for record in records)
            if kept == size:
                return
            end = records[-1].end if records else len(FIRST_LINE)
            if kept == end:
                logger.warning("%s: cut off %s bytes that a killed run left", self.path, f"{size - kept:,}")
                cut(file.fileno(), end)
            else:
                logger.warning("%s: cut out %s damaged bytes", self.path, f"{size - kept:,}")
                replace_file(self.path, (bytes_of(file, record) for record in records))

    # -------------------------------------------------------------- writing
    def append(self, rows: pa.Table) -> None:
        """Adds rows; when this returns they are on the disk.

        Raises:
            JournalError: the disk is full. What was appended before stands, and nothing of these rows.
        """
        handle = self._open_handle()
        if rows.num_rows:
            record = record_of(rows.select(self.schema.names).cast(self.schema))
            with telling_faults(self.path):
                self._end = append_record(handle, self._end, record)
                if self._pieces is not None:
                    self._pieces.forget(self._standing_keys(rows))

    def compact(self, keep: KeyIndex | Iterable[str] | None = None) -> int:
        """Rewrites the journal with the last row of each key; gives the number of rows dropped.

        With ``keep`` with those of these keys alone, which is for ``prune``.

        Nothing is rewritten where there is nothing to drop and the records are not many and small. In memory are 20
        bytes a row, and one record of the new file at a time.

        Raises:
            JournalError: the disk is full; the journal stays as it was.
        """
        self._open_handle()
        count = 0

        def keys() -> Iterator[pa.ChunkedArray]:
            nonlocal count
            for count, rows in enumerate(self.records([KEY]), start=1):  # noqa: B007 -- how many there were
                yield rows[KEY]

        index = KeyIndex(keys())
        if keep is not None:
            index.drop_others(keep if isinstance(keep, KeyIndex) else KeyIndex([keep]))
        dropped = index.size - len(index)
        most = _MAX_RECORDS + len(index) // _COMPACTED_ROWS + self._end // _SMALL_BYTES
        if dropped or count > most:
            standing = _standing_rows(self.records(), index.standing)
            del index
            with telling_faults(self.path):
                replace_file(self.path, (record_of(rows) for rows in _joined(standing)))
            self._reopen()
        return dropped

    @contextmanager
    def keeping_pieces(self) -> Iterator[Pieces]:
        """The pieces of work that is not whole; those of what is appended meanwhile go, unless it is to be done again.

        Raises:
            JournalError: their file is none, or one of a later version of the format.
        """
        self._open_handle()

        def is_done(keys: Sequence[str]) -> Bools:
            is_held: Bools = np.logical_or.reduce([each.holds(keys) for each in self._done()])
            return is_held

        with telling_faults(pieces_path(self.path)):
            self._pieces = pieces = Pieces(self.path, is_done, self._further_pieces())
        try:
            yield pieces
        finally:
            self._pieces = None
            with telling_faults(pieces_path(self.path)):
                pieces.close()

    def _further_pieces(self) -> list[Path]:
        """The journals whose pieces may be of this one's work too."""
        return []

    def _standing_keys(self, rows: pa.Table) -> list[str]:
        if self.retried_errors:
            retried = pc.is_in(rows[ERROR], pa.array(self.retried_errors, pa.string()))
            rows = rows.filter(pc.invert(retried))
        keys: list[str] = rows[KEY].to_pylist()
        return keys

    # -------------------------------------------------------------- pruning
    def note_wanted(
        self,
        keys: pa.Array | pa.ChunkedArray,
        part: str = "",
        *,
        ids: pa.Array | pa.ChunkedArray | None = None,
    ) -> None:
        """Note all work that runs like this one want, so that ``prune`` can tell what none wants any more.

        Args:
            keys: of all of it, done or not.
            part: of several that share the journal, which one wants it; it replaces what that one wanted before.
            ids: whose each of it is, which is noted for good: a key tells nobody, when a sample is to be taken out.
        """
        self._open_handle()
        if ids is not None:
            with telling_faults(self.path):
                note_owners(self.path, keys, ids)
        with telling_faults(self.path):
            note_wanted(self.path, keys, part)

    def prune(self, *, is_dry: bool) -> Pruning | None:
        """Drop the rows that nobody wants any more, and nothing where that is not known.

        Nothing else drops the row of a key: what another version of the code has made may be wanted again.

        Args:
            is_dry: only say what would be dropped.

        Returns:
            What was dropped; None where no run has noted what it wants, or a note is damaged.
        """
        handle = self._open_handle()
        wanted = wanted_keys(self.path)
        if wanted is None:
            return None
        before = os.fstat(handle).st_size
        if not is_dry:
            with telling_faults(pieces_path(self.path)):
                drop_pieces(self.path, lambda keys: ~wanted.holds(keys))
        rows = dropped = dropped_bytes = 0
        for record in self.records():
            lost = record.filter(pa.array(~wanted.holds(record[KEY])))
            rows += record.num_rows
            dropped += lost.num_rows
            dropped_bytes += len(record_of(lost)) if lost.num_rows else 0
        if dropped and not is_dry:
            self.compact(wanted)
            dropped_bytes = before - os.fstat(self._open_handle()).st_size
        return Pruning(rows, dropped, before, dropped_bytes)

    def count_unwanted(self) -> tuple[int, int] | None:
        """The rows, and those of them that ``prune`` would drop; None where that is not known. Needs no opening."""
        wanted = wanted_keys(self.path)
        if wanted is None:
            return None
        rows = unwanted = 0
        for record in self.records([KEY]):
            rows += record.num_rows
            unwanted += int((~wanted.holds(record[KEY])).sum())
        return rows, unwanted

    # -------------------------------------------------------------- reading
    def records(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """The rows as they were appended, those of one record after another.

        Raises:
            JournalError: the file is no journal, or one of a later version of the format.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            yield from self._records(file, columns)

    def _records(self, file: BinaryIO, columns: list[str] | None = None) -> Iterator[pa.Table]:
        with telling_faults(self.path):
            for record in find_records(file):
                yield self.fit(rows_of(bytes_of(file, record), columns), columns)

    def rows(self) -> Iterator[pa.Table]:
        """The last row of each key, in the order in which they were appended, in tables of a record at most.

        In memory are 20 bytes a row, and one record. What is appended or compacted meanwhile does not show.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            standing = KeyIndex(rows[KEY] for rows in self._records(file, [KEY])).standing
            yield from _standing_rows(self._records(file), standing)

    def read(self) -> pa.Table:
        """The last row of each key, in the order in which they were appended; all in memory, so for few."""
        return pa.concat_tables([pa.Table.from_batches([], self.schema), *self.rows()])

    def keys(self) -> KeyIndex:
        """The keys whose work is done."""
        if not self.retried_errors:
            return KeyIndex(rows[KEY] for rows in self.records([KEY]))
        retried = pa.array(self.retried_errors, pa.string())
        failed: list[Bools] = [np.empty(0, np.bool_)]

        def keys() -> Iterator[pa.ChunkedArray]:
            for rows in self.records([KEY, ERROR]):
                failed.append(pc.is_in(rows[ERROR], retried).to_numpy())
                yield rows[KEY]

        done = KeyIndex(keys())
        done.drop_places(np.concatenate(failed))
        return done

    def remaining(self, wanted: Iterable[str]) -> Bools:
        """Which of the wanted keys stand for work that is to be done: it is not done, and no such key came before.

        Args:
            wanted: gone through once, and not held.
        """
        done = self._done()
        marks: list[Bools] = [np.empty(0, np.bool_)]

        def missing() -> Iterator[list[str]]:
            keys = iter(wanted)
            while part := list(islice(keys, _LOOKED_UP_KEYS)):
                marks.append(~np.logical_or.reduce([each.holds(part) for each in done]))
                yield list(compress(part, marks[-1]))

        first = KeyIndex(missing(), keep="first").standing
        is_remaining = np.concatenate(marks)
        is_remaining[is_remaining] = first
        return is_remaining

    def _done(self) -> list[KeyIndex]:
        """The keys whose work need not be done: those of ``keys``, and of the journals beside it."""
        return [self.keys()]

    def fit(self, rows: pa.Table, names: list[str] | None = None) -> pa.Table:
        """The rows with the columns of the schema, or some of them; what an older version did not have is null.

        Raises:
            JournalError: a column has another type.
        """
        schema = self.schema if names is None else pa.schema([self.schema.field(name) for name in names])
        if rows.schema.equals(schema):
            return rows
        columns = []
        for field in schema:
            if field.name not in rows.column_names:
                columns.append(pa.nulls(rows.num_rows, field.type))
            elif rows.schema.field(field.name).type == field.type:
                columns.append(rows[field.name])
            else:
                raise JournalError(
                    "A journal has another column than this version of the project writes",
                    where=f"{self.path}, column {field.name}",
                    got=rows.schema.field(field.name).type,
                    allowed=field.type,
                    todo="move the journal away; its work is then done again",
                )
        return pa.table(columns, schema=schema)


def _standing_rows(records: Iterable[pa.Table], standing: Bools) -> Iterator[pa.Table]:
    """The rows that stand; those of records that came after the others were looked at are left out."""
    start = 0
    for rows in records:
        end = start + rows.num_rows
        if end > len(standing):
            return
        marks = standing[start:end]
        if marks.any():
            yield rows if marks.all() else rows.filter(pa.array(marks))
        start = end


def _joined(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows in tables that are worth a record each."""
    held: list[pa.Table] = []
    held_rows = held_bytes = 0
    for rows in tables:
        held.append(rows)
        held_rows += rows.num_rows
        held_bytes += rows.nbytes
        if held_rows >= _COMPACTED_ROWS or held_bytes >= _COMPACTED_BYTES:
            yield pa.concat_tables(held)
            held, held_rows, held_bytes = [], 0, 0
    if held:
        yield pa.concat_tables(held)
