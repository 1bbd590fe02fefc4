"""A file that results are appended to as they come, so that a run that is killed loses none that it had.

A batch of rows is written as one frame, flushed to the disk, and only then counts; see ``engine.frames``. What a
killed writer left at the end has a wrong checksum, and is cut off when the journal is opened.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sparkle_curation.engine.disk import is_full
from sparkle_curation.engine.frames import (
    FIRST_LINE,
    NotFramesError,
    append_frame,
    bytes_of,
    cut,
    find_frames,
    frame_of,
    replace_file,
    rows_of,
)
from sparkle_curation.errors import SparkleError

logger = logging.getLogger(__name__)

KEY = "key"
"""The column that says which work a row is the result of: a digest of everything that the result depends on."""
ERROR = "error"
"""The column, if there is one, that says why the work failed."""

_COMPACTED_ROWS = 65_536
_COMPACTED_BYTES = 32 << 20
"""A frame of a compacted journal ends at whichever comes first: rows may hold long texts."""
_MAX_FRAMES = 64
_SMALL_BYTES = 1 << 20
"""Opening a frame takes 0.3 ms, whatever it holds: a journal of more than so many small ones is made one of few."""


_WANTED = ".wanted"


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


class JournalError(SparkleError):
    """A journal cannot be opened, or not be written to."""


class Journal:
    """Rows by the work that they are the result of, on disk.

    ``with journal:`` opens it for one writer; another one meanwhile is refused. Reading needs no opening. Of
    several rows with one key the last holds, so that failed work can be done again.

    Args:
        path: the file; made when it is first opened.
        schema: of the rows, with a text column ``key`` that is never null. A journal that an older version wrote
            may lack columns, which are then null.
        retried_errors: values of the column ``error`` that do not stand: such work is done again.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, retried_errors: Iterable[str] = ()) -> None:
        self.path, self.schema, self.retried_errors = path, schema, frozenset(retried_errors)
        for name in (KEY, ERROR) if self.retried_errors else (KEY,):
            if name not in schema.names or schema.field(name).type != pa.string():
                raise ValueError(f"such a journal has a text column {name!r}")
        self._handle: int | None = None
        self._lock: BinaryIO | None = None
        self._end = 0

    # -------------------------------------------------------------- opening and closing
    def __enter__(self) -> Journal:
        """The journal, open: locked, and its torn or damaged parts cut out.

        Raises:
            JournalError: another process has it open, or the file is no journal.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self.path)
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
        """Makes the file, or brings it to whole frames."""
        if _is_short(self.path):
            if self.path.exists() and not FIRST_LINE.startswith(self.path.read_bytes()):
                raise _not_a_journal(self.path)
            replace_file(self.path, [])
        with self.path.open("r+b") as file, _telling(self.path):
            size = os.fstat(file.fileno()).st_size
            frames = list(find_frames(file))
            kept = len(FIRST_LINE) + sum(frame.end - frame.start for frame in frames)
            if kept == size:
                return
            end = frames[-1].end if frames else len(FIRST_LINE)
            if kept == end:
                logger.warning("%s: cut off %s bytes that a killed run left", self.path, f"{size - kept:,}")
                cut(file.fileno(), end)
            else:
                logger.warning("%s: cut out %s damaged bytes", self.path, f"{size - kept:,}")
                replace_file(self.path, (bytes_of(file, frame) for frame in frames))

    # -------------------------------------------------------------- writing
    def append(self, rows: pa.Table) -> None:
        """Adds rows; when this returns they are on the disk.

        Raises:
            JournalError: the disk is full. What was appended before stands, and nothing of these rows.
        """
        handle = self._open_handle()
        if rows.num_rows:
            frame = frame_of(rows.select(self.schema.names).cast(self.schema))
            with _telling(self.path):
                self._end = append_frame(handle, self._end, frame)

    def compact(self, keep: Iterable[str] | None = None) -> int:
        """Rewrites the journal with the last row of each key; gives the number of rows dropped.

        With ``keep`` with those of these keys alone, which is for ``prune``.

        Nothing is rewritten where there is nothing to drop and the frames are not many and small. One frame of the
        new file is in memory at a time.

        Raises:
            JournalError: the disk is full; the journal stays as it was.
        """
        self._open_handle()
        kept = self._standing(None if keep is None else pa.array(keep, pa.string()))
        dropped: int = sum(len(rows) - pc.sum(rows).as_py() for rows in kept if len(rows))
        rows_kept = sum(map(len, kept)) - dropped
        most = _MAX_FRAMES + rows_kept // _COMPACTED_ROWS + self._end // _SMALL_BYTES
        if dropped or len(kept) > most:
            with _telling(self.path):
                replace_file(self.path, (frame_of(rows) for rows in _joined(self._chosen(kept))))
            self._reopen()
        return dropped

    def _standing(self, keep: pa.Array | None) -> list[pa.BooleanArray]:
        """Which rows of each frame are the last of their key, and wanted."""
        standing: list[pa.BooleanArray] = []
        seen: set[str] = set()
        for rows in reversed(list(self.frames([KEY]))):
            keys = rows[KEY].to_pylist()
            last = {key: place for place, key in enumerate(keys)}
            is_last = pa.array(
                [last[key] == place and key not in seen for place, key in enumerate(keys)], pa.bool_()
            )
            seen.update(keys)
            wanted = is_last if keep is None else pc.and_(is_last, pc.is_in(rows[KEY], keep).combine_chunks())
            standing.append(wanted)
        return standing[::-1]

    def _chosen(self, kept: Iterable[pa.BooleanArray]) -> Iterator[pa.Table]:
        for rows, wanted in zip(self.frames(), kept, strict=True):
            yield rows.filter(wanted)

    # -------------------------------------------------------------- pruning
    def note_wanted(self, keys: Iterable[str], part: str = "") -> None:
        """Note all work that runs like this one want, so that ``prune`` can tell what none wants any more.

        Args:
            keys: of all of it, done or not.
            part: of several that share the journal, which one wants it; it replaces what that one wanted before.
        """
        self._open_handle()
        wanted = pa.table({KEY: pa.array(keys, pa.string()).unique()})
        with _telling(self.path):
            replace_file(self._wanted_path(part), [frame_of(wanted)])

    def prune(self, *, is_dry: bool) -> Pruning | None:
        """Drop the rows that nobody wants any more, and nothing where that is not known.

        Nothing else drops the row of a key: what another version of the code has made may be wanted again.

        Args:
            is_dry: only say what would be dropped.

        Returns:
            What was dropped; None where no run has noted what it wants, or a note is damaged.
        """
        handle = self._open_handle()
        noted = [_wanted_keys(path) for path in self.path.parent.glob(f".{self.path.name}.*{_WANTED}")]
        if not noted or not all(noted):
            return None
        before = os.fstat(handle).st_size
        wanted = pa.concat_arrays([keys for parts in noted for keys in parts])
        rows = dropped = dropped_bytes = 0
        for frame in self.frames():
            lost = frame.filter(pc.invert(pc.is_in(frame[KEY], wanted)))
            rows += frame.num_rows
            dropped += lost.num_rows
            dropped_bytes += len(frame_of(lost)) if lost.num_rows else 0
        if dropped and not is_dry:
            self.compact(wanted)
            dropped_bytes = before - os.fstat(self._open_handle()).st_size
        return Pruning(rows, dropped, before, dropped_bytes)

    def _wanted_path(self, part: str) -> Path:
        return self.path.with_name(f".{self.path.name}.{part}{_WANTED}")

    # -------------------------------------------------------------- reading
    def frames(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """The rows as they were appended, those of whole frames."""
        if _is_short(self.path):
            return
        with self.path.open("rb") as file, _telling(self.path):
            for frame in find_frames(file):
                yield self.fit(rows_of(bytes_of(file, frame), columns), columns)

    def read(self) -> pa.Table:
        """The last row of each key, in the order in which they were appended."""
        return self._last_rows(self.frames())

    def keys(self) -> set[str]:
        """The keys whose work is done."""
        if not self.retried_errors:
            return {key for rows in self.frames([KEY]) for key in rows[KEY].to_pylist()}
        # In the order of the rows, so that the last row of a key decides.
        done: dict[str, bool] = {}
        for rows in self.frames([KEY, ERROR]):
            stands = [error not in self.retried_errors for error in rows[ERROR].to_pylist()]
            done.update(zip(rows[KEY].to_pylist(), stands, strict=True))
        return {key for key, is_done in done.items() if is_done}

    def remaining(self, wanted: Iterable[str]) -> list[str]:
        """Those of the wanted keys whose work is not done, in their order."""
        done = self.keys()
        return [key for key in wanted if key not in done]

    def _last_rows(self, frames: Iterable[pa.Table]) -> pa.Table:
        rows = pa.concat_tables([self.schema.empty_table(), *frames])
        numbered = pa.table({KEY: rows[KEY], "row": pa.array(range(rows.num_rows), pa.int64())})
        last = numbered.group_by(KEY).aggregate([("row", "max")])["row_max"]
        return rows if len(last) == rows.num_rows else rows.take(last.combine_chunks().sort())

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


def _joined(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows in tables that are worth a frame each."""
    held: list[pa.Table] = []
    for rows in tables:
        if not rows.num_rows:
            continue
        held.append(rows)
        if (
            sum(part.num_rows for part in held) >= _COMPACTED_ROWS
            or sum(part.nbytes for part in held) >= _COMPACTED_BYTES
        ):
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


# ------------------------------------------------------------------ files and faults
def _is_short(path: Path) -> bool:
    """Whether nothing can have been appended yet: the file is not there, or its first line was not finished."""
    return not path.exists() or path.stat().st_size < len(FIRST_LINE)


def _wanted_keys(path: Path) -> list[pa.Array]:
    """What is noted there; nothing at all, not even an empty note, where it is damaged."""
    with path.open("rb") as file, _telling(path):
        return [rows_of(bytes_of(file, frame))[KEY].combine_chunks() for frame in find_frames(file)]


def _locked(path: Path) -> BinaryIO:
    # A file of its own: the journal itself is replaced while it is open.
    lock = path.with_name(f".{path.name}.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise JournalError(
            "Another run is writing to this journal",
            where=path,
            todo="wait until it has ended, or give this run another data_root",
        ) from error
    return lock


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Tells what can happen to the file of a journal."""
    try:
        yield
    except NotFramesError as error:
        raise _not_a_journal(path) from error
    except OSError as error:
        if not is_full(error):
            raise
        raise JournalError(
            "The disk is full",
            where=path,
            got=error.strerror,
            todo="free some space and run again: what was done until here stays done",
        ) from error


def _not_a_journal(path: Path) -> JournalError:
    return JournalError(
        "A file that should be a journal is none",
        where=path,
        allowed=f"a file that begins with {FIRST_LINE.decode().strip()!r}",
        todo="move it away; its work is then done again",
    )
