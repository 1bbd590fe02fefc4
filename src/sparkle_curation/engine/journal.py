"""A file that results are appended to as they come, so that a run that is killed loses none that it had.

The file is a line that says what it is, then frames. A frame is a mark, the length and the xxh3 checksum of its
body, and the body: rows as an Arrow stream of their own. A frame is written, then flushed to the disk, and only
then counts. What a killed writer left at the end has a wrong checksum, and is cut off when the file is opened.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from sparkle_curation.errors import SparkleError

logger = logging.getLogger(__name__)

KEY = "key"
"""The column that says which work a row is the result of."""

ERROR = "error"
"""The column, if there is one, that says why the work failed."""

_FIRST_LINE = b"sparkle-curation journal 1\n"
_MARK = b"\xf5row"
_FRAME = struct.Struct("<4sQQ")
_COMPACTED_ROWS = 65_536
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class JournalError(SparkleError):
    """A journal cannot be opened, or not be written to."""


class _Frame(NamedTuple):
    start: int
    end: int


class Journal:
    """Rows by the work that they are the result of, on disk.

    ``with journal:`` opens it for one writer; another one meanwhile is refused. Of several rows with one key the
    last holds, so that failed work can be done again.

    Args:
        path: the file; made when it is first opened.
        schema: of the rows, with a text column ``key`` that is never null. A journal that an older version wrote
            may lack columns, which are then null.
        retried_errors: values of the column ``error`` that do not stand: such work is done again.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, retried_errors: Iterable[str] = ()) -> None:
        if schema.field(KEY).type != pa.string():
            raise ValueError(f"a journal has a text column {KEY!r}")
        self.path, self.schema, self.retried_errors = path, schema, frozenset(retried_errors)
        self._file: BinaryIO | None = None
        self._lock: BinaryIO | None = None
        self._end = 0

    # -------------------------------------------------------------- opening and closing
    def __enter__(self) -> Journal:
        """The journal, open: locked, and its torn or damaged parts cut out."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self.path)
        try:
            self._mend()
            self._file = self.path.open("r+b")
            self._end = self._file.seek(0, os.SEEK_END)
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
        for handle in (self._file, self._lock):
            if handle is not None:
                handle.close()
        self._file = self._lock = None

    def _mend(self) -> None:
        """Makes the file, or brings it to whole frames."""
        if not self.path.exists() or self.path.stat().st_size < len(_FIRST_LINE):
            if self.path.exists() and not _FIRST_LINE.startswith(self.path.read_bytes()):
                raise _not_a_journal(self.path)
            _replace(self.path, [])
            return
        with self.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            frames = list(_frames(file, self.path))
            kept = len(_FIRST_LINE) + sum(frame.end - frame.start for frame in frames)
            if kept == size:
                return
            last = frames[-1].end if frames else len(_FIRST_LINE)
            what = "what a killed run left at its end" if last == kept else "damaged parts"
            logger.warning("%s: cut out %s, %s bytes", self.path, what, f"{size - kept:,}")
            _replace(self.path, (_bytes_of(file, frame) for frame in frames))

    # -------------------------------------------------------------- writing
    def append(self, rows: pa.Table) -> None:
        """Adds rows; when this returns they are on the disk.

        Raises:
            JournalError: the disk is full. What was appended before stands, and nothing of these rows.
        """
        if self._file is None:
            raise ValueError("the journal is not open: use `with journal:`")
        if not rows.num_rows:
            return
        frame = _frame_of(rows.select(self.schema.names).cast(self.schema))
        try:
            self._file.seek(self._end)
            self._file.write(frame)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            self._undo()
            if error.errno in _FULL:
                raise _full(self.path, error) from error
            raise
        self._end += len(frame)

    def _undo(self) -> None:
        """Cuts off what of a frame was written; takes no space, so it works on a full disk."""
        handle = os.open(self.path, os.O_WRONLY)
        try:
            os.ftruncate(handle, self._end)
        finally:
            os.close(handle)
        if self._file is not None:
            # A new handle: the old one still has the bytes that it could not write.
            raw, self._file = self._file, self.path.open("r+b")
            _discard(raw)

    def compact(self, keep: Iterable[str]) -> int:
        """Rewrites the journal with the last row of each key in ``keep``; gives the number of rows dropped.

        Nothing is rewritten where there is nothing to drop.

        Raises:
            JournalError: the disk is full; the journal stays as it was.
        """
        if self._file is None:
            raise ValueError("the journal is not open: use `with journal:`")
        row_count = sum(rows.num_rows for rows in self.frames())
        wanted = pa.array(keep, pa.string())
        kept = self.read()
        kept = kept.filter(pc.is_in(kept[KEY], wanted))
        dropped: int = row_count - kept.num_rows
        if dropped:
            pieces = range(0, kept.num_rows, _COMPACTED_ROWS)
            try:
                _replace(self.path, (_frame_of(kept.slice(start, _COMPACTED_ROWS)) for start in pieces))
            except OSError as error:
                if error.errno in _FULL:
                    raise _full(self.path, error) from error
                raise
            self._file.close()
            self._file = self.path.open("r+b")
            self._end = self._file.seek(0, os.SEEK_END)
        return dropped

    # -------------------------------------------------------------- reading
    def frames(self, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """The rows as they were appended, whole frames only."""
        if not self.path.exists() or not self.path.stat().st_size:
            return
        with self.path.open("rb") as file:
            for frame in _frames(file, self.path):
                body = _bytes_of(file, frame)[_FRAME.size :]
                rows = self._fit(pa.ipc.open_stream(pa.py_buffer(body)).read_all())
                yield rows.select(columns) if columns else rows

    def read(self) -> pa.Table:
        """The last row of each key, in the order in which they were appended."""
        rows = pa.concat_tables([self.schema.empty_table(), *self.frames()])
        numbered = pa.table({KEY: rows[KEY], "row": pa.array(range(rows.num_rows), pa.int64())})
        last = numbered.group_by(KEY).aggregate([("row", "max")])["row_max"]
        if len(last) == rows.num_rows:
            return rows
        return rows.take(last.combine_chunks().sort())

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

    def _fit(self, rows: pa.Table) -> pa.Table:
        """The rows with the columns of the schema; those that an older version did not have are null."""
        if rows.schema.equals(self.schema):
            return rows
        columns = []
        for field in self.schema:
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
        return pa.table(columns, schema=self.schema)


# ------------------------------------------------------------------ frames
def _frame_of(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows.combine_chunks())
    body: bytes = sink.getvalue().to_pybytes()
    return _FRAME.pack(_MARK, len(body), xxhash.xxh3_64_intdigest(body)) + body


def _frames(file: BinaryIO, path: Path) -> Iterator[_Frame]:
    """The places of the whole frames; what stands between two of them is passed over."""
    file.seek(0)
    if file.read(len(_FIRST_LINE)) != _FIRST_LINE:
        raise _not_a_journal(path)
    size = os.fstat(file.fileno()).st_size
    start: int | None = len(_FIRST_LINE)
    while start is not None and start < size:
        end = _frame_end(file, start, size)
        if end is None:
            start = _next_mark(file, start + 1)
        else:
            yield _Frame(start, end)
            start = end


def _frame_end(file: BinaryIO, start: int, size: int) -> int | None:
    """Where the frame at ``start`` ends; None where there is no whole one."""
    file.seek(start)
    header = file.read(_FRAME.size)
    if len(header) < _FRAME.size:
        return None
    mark, length, checksum = _FRAME.unpack(header)
    end: int = start + _FRAME.size + length
    if mark != _MARK or end > size or xxhash.xxh3_64_intdigest(file.read(length)) != checksum:
        return None
    return end


def _next_mark(file: BinaryIO, start: int) -> int | None:
    """The next place that looks like the start of a frame; None where there is none."""
    step = 1 << 20
    while True:
        file.seek(start)
        block = file.read(step + len(_MARK) - 1)
        place = block.find(_MARK)
        if place >= 0:
            return start + place
        if len(block) < step:
            return None
        start += step


def _bytes_of(file: BinaryIO, frame: _Frame) -> bytes:
    file.seek(frame.start)
    return file.read(frame.end - frame.start)


# ------------------------------------------------------------------ files
def _replace(path: Path, frames: Iterable[bytes]) -> None:
    """Puts a journal of these frames in the place of the file, in one step."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(_FIRST_LINE)
            file.writelines(frames)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
def _ignoring(*kinds: type[Exception]) -> Iterator[None]:
    try:
        yield
    except kinds:
        return


def _discard(file: BinaryIO) -> None:
    """Closes a file whose buffer cannot be written."""
    with _ignoring(OSError):
        file.close()


def _full(path: Path, error: OSError) -> JournalError:
    return JournalError(
        "The disk is full",
        where=path,
        got=error.strerror,
        todo="free some space and run again: what was done until here stays done",
    )


def _not_a_journal(path: Path) -> JournalError:
    return JournalError(
        "A file that should be a journal is none",
        where=path,
        allowed=f"a file that begins with {_FIRST_LINE.decode().strip()!r}",
        todo="move it away; its work is then done again",
    )
