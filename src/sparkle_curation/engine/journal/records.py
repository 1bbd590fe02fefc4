"""Rows in a file, record after record, so that what is torn or damaged can be told from what is whole.

The file is a line that says what it is and in which version of the format, then records. A record is a mark, the
length and the xxh3 checksum of its body, and the body: rows as an Arrow stream of their own, packed with zstd.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import xxhash

FORMAT_VERSION = 1
"""Another one is another file: it is raised where this code could misread, or damage, what the new one writes."""
FIRST_LINE = b"sparkle-curation journal %d\n" % FORMAT_VERSION
_ANY_FIRST_LINE = re.compile(rb"sparkle-curation journal (\d{1,9})(?:\n|\Z)")
FIRST_LINE_BYTES = 64
"""Enough for the first line of any version."""
_MARK = b"\xf5row"
_HEADER = struct.Struct("<4sQQ")
_SEARCHED_BYTES = 1 << 20


class Record(NamedTuple):
    """The place of a whole record: its first byte, and the first one after it."""

    start: int
    end: int


class NotRecordsError(Exception):
    """The file does not begin with the line that such a file begins with."""


class NewerRecordsError(Exception):
    """The file is of a later version of the format: nothing of it is damage, and nothing of it is touched.

    Args:
        version: of the format.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(version)


def record_of(rows: pa.Table) -> bytes:
    """The rows as a record."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows.combine_chunks())
    return framed(sink.getvalue().to_pybytes())


def framed(body: bytes) -> bytes:
    """The record with this body: a journal's is rows, and what lies beside one may have others."""
    return _HEADER.pack(_MARK, len(body), xxhash.xxh3_64_intdigest(body)) + body


def body_of(record: bytes) -> bytes:
    """The body of a whole record."""
    return record[_HEADER.size :]


def rows_of(record: bytes, columns: Collection[str] | None = None) -> pa.Table:
    """The rows of a whole record; of those columns only, of which it may lack some. The others are not unpacked."""
    body = pa.py_buffer(record)[_HEADER.size :]
    if columns is None:
        return pa.ipc.open_stream(body).read_all()
    names = pa.ipc.open_stream(body).schema.names
    wanted = [place for place, name in enumerate(names) if name in columns]
    return pa.ipc.open_stream(body, options=pa.ipc.IpcReadOptions(included_fields=wanted)).read_all()


def bytes_of(file: BinaryIO, record: Record) -> bytes:
    """The record itself."""
    file.seek(record.start)
    return file.read(record.end - record.start)


def check_first_line(start: bytes) -> None:
    """Check what a file begins with, of which a killed writer may have left a part.

    Raises:
        NotRecordsError: the file is another one.
        NewerRecordsError: it is of a later version of the format.
    """
    if FIRST_LINE.startswith(start[: len(FIRST_LINE)]):
        return
    found = _ANY_FIRST_LINE.match(start)
    if found and int(found[1]) > FORMAT_VERSION:
        raise NewerRecordsError(int(found[1]))
    raise NotRecordsError


def find_records(file: BinaryIO) -> Iterator[Record]:
    """The places of the whole records, in order; what stands between two of them is passed over.

    Raises:
        NotRecordsError: the file is another one.
        NewerRecordsError: it is of a later version of the format.
    """
    file.seek(0)
    check_first_line(file.read(FIRST_LINE_BYTES))
    size = os.fstat(file.fileno()).st_size
    start: int | None = len(FIRST_LINE)
    while start is not None and start < size:
        end = _record_end(file, start, size)
        if end is None:
            start = _next_mark(file, start + 1)
        else:
            yield Record(start, end)
            start = end


def _record_end(file: BinaryIO, start: int, size: int) -> int | None:
    """Where the record at ``start`` ends; None where there is no whole one."""
    file.seek(start)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    mark, length, checksum = _HEADER.unpack(header)
    end: int = start + _HEADER.size + length
    if mark != _MARK or end > size or xxhash.xxh3_64_intdigest(file.read(length)) != checksum:
        return None
    return end


def _next_mark(file: BinaryIO, start: int) -> int | None:
    """The next place that looks like the start of a record; None where there is none."""
    while True:
        file.seek(start)
        block = file.read(_SEARCHED_BYTES + len(_MARK) - 1)
        place = block.find(_MARK)
        if place >= 0:
            return start + place
        if len(block) < _SEARCHED_BYTES:
            return None
        start += _SEARCHED_BYTES


# ------------------------------------------------------------------ files
def replace_file(path: Path, records: Iterable[bytes]) -> None:
    """Puts a file of these records in the place of ``path``, in one step."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(FIRST_LINE)
            file.writelines(records)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append_record(handle: int, end: int, record: bytes) -> int:
    """Writes the record behind byte ``end`` and waits for the disk; gives the new end.

    Raises:
        OSError: it could not be written; the file ends at ``end`` as before.
    """
    try:
        written = 0
        while written < len(record):
            written += os.pwrite(handle, record[written:], end + written)
        os.fsync(handle)
    except OSError:
        cut(handle, end)
        raise
    return end + len(record)


def cut(handle: int, end: int) -> None:
    """Cuts off what stands behind byte ``end``; takes no space, so it works on a full disk."""
    os.ftruncate(handle, end)
    os.fsync(handle)
