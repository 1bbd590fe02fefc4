"""What stands in a file, whatever packs it: the bytes themselves, and those that are unpacked from them.

Parquet, Arrow, journals, SQLite, zip and npz, tar, gzip, bzip2, xz, lz4, zstd, PNG texts and embedded base64, one in the
other. Rows of tables come as uncompressed Arrow, in which each text stands as it is. Other packed forms are told as such.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import lzma
import re
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sparkle_curation.engine.journal.records import bytes_of, find_records, rows_of

JOURNAL_START = b"sparkle-curation journal "
PARQUET_START = b"PAR1"
_TAR_PLACE = slice(257, 262)
_START_BYTES = 512
_BLOCK_BYTES = 16 << 20
_OVERLAP_BYTES = 64 << 10
"""Longer than any needle, so that none is cut by the end of a block."""
_DEEPEST = 6
_DATA_URI = re.compile(rb"data:[\w/+.;=-]*;base64,([A-Za-z0-9+/=]{16,})")
_PICTURE = re.compile(
    rb'data:(?:image/(?:png|jpe?g|webp|gif|avif)|video/)|"image/(?:png|jpe?g|webp|gif|svg\+xml)": ?[\["]'
)
_ZLIB_STREAM = re.compile(rb"x[\x01\x5e\x9c\xda]")


class UnreadableError(Exception):
    """A packed file is torn, or of a form that is not known here, so nobody can tell what stands in it."""


def start_of(path: Path) -> bytes:
    """The first bytes of a file, which tell its form."""
    with path.open("rb") as file:
        return file.read(_START_BYTES)


def pieces(path: Path) -> Iterator[bytes]:
    """All that stands in a file, packed or not, in pieces that may repeat.

    Raises:
        UnreadableError: it is packed, and torn or of a form that is not known here.
    """
    start = start_of(path)
    try:
        if start.startswith(JOURNAL_START):
            with path.open("rb") as file:
                yield from (arrow_bytes(rows_of(bytes_of(file, record))) for record in find_records(file))
        elif start.startswith(PARQUET_START):
            yield from _parquet(path)
        elif _is_packed(start):
            yield from unpacked(path.read_bytes())
        else:
            yield from _blocks(path)
    except (
        pa.ArrowInvalid,
        pa.ArrowException,
        OSError,
        ValueError,
        zlib.error,
        tarfile.TarError,
        zipfile.BadZipFile,
        lzma.LZMAError,
        sqlite3.Error,
        EOFError,
    ) as error:
        raise UnreadableError(f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}") from error


def unpacked(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes, and what is packed in them."""
    yield content
    if depth >= _DEEPEST:
        return
    for part in _parts(content):
        yield from unpacked(part, depth + 1)
    yield from _embedded(content, depth)


def _embedded(content: bytes, depth: int = 0) -> Iterator[bytes]:
    for found in _DATA_URI.finditer(content):
        try:
            yield from unpacked(base64.b64decode(found[1]), depth + 1)
        except binascii.Error:
            continue


def _parts(content: bytes) -> Iterator[bytes]:
    """What a packed file holds, one level down."""
    if form := _opaque_form(content):
        raise ValueError(f"a file of {form}")
    if content[_TAR_PLACE] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            yield from (file.read() for entry in tar if entry.isfile() and (file := tar.extractfile(entry)))
        return
    for start, unpack in _PACKED.items():
        if content.startswith(start):
            yield from unpack(content)


def embedded_pictures(content: bytes) -> int:
    """How many pictures or videos are embedded as base64, in addresses or as outputs of a notebook."""
    return len(_PICTURE.findall(content))


def _is_packed(start: bytes) -> bool:
    return (
        start.startswith(tuple(_PACKED)) or start[_TAR_PLACE] == b"ustar" or _opaque_form(start) is not None
    )


def _opaque_form(start: bytes) -> str | None:
    found = (form for form, (place, mark) in _OPAQUE.items() if start[place : place + len(mark)] == mark)
    return next(found, None)


def _blocks(path: Path) -> Iterator[bytes]:
    kept = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            content = kept + block
            yield content
            yield from _embedded(content)
            kept = content[-_OVERLAP_BYTES:]


def _parquet(source: Path | io.BytesIO) -> Iterator[bytes]:
    with pq.ParquetFile(source) as file:
        yield described_bytes(file)
        for group in range(file.num_row_groups):
            yield arrow_bytes(file.read_row_group(group))


def described_bytes(file: pq.ParquetFile) -> bytes:
    """What a file says of itself, beside its rows: names of columns, and members of its metadata."""
    members = {**(file.metadata.metadata or {}), **(file.schema_arrow.metadata or {})}
    said = [part for name, text in members.items() if name != b"ARROW:schema" for part in (name, text)]
    return b"\0".join([*said, *(name.encode() for name in _names(file.schema_arrow))])


def _names(fields: Iterable[pa.Field]) -> Iterator[str]:
    for field in fields:
        yield field.name
        yield from _names(field.type.field(place) for place in range(field.type.num_fields))


def arrow_bytes(rows: pa.Table) -> bytes:
    """The rows as uncompressed Arrow: each text and number in it as it is."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _unzipped(content: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        yield from map(archive.read, archive.infolist())


def _table_file(content: bytes) -> Iterator[bytes]:
    with pa.ipc.open_file(pa.BufferReader(content)) as file:
        yield arrow_bytes(file.read_all())


def _database(content: bytes) -> Iterator[bytes]:
    base = sqlite3.connect(":memory:")
    try:
        base.deserialize(content)
        yield "\n".join(base.iterdump()).encode("utf-8", "surrogatepass")
    finally:
        base.close()


def _stream(codec: str) -> Callable[[bytes], Iterator[bytes]]:
    def unpack(content: bytes) -> Iterator[bytes]:
        with pa.CompressedInputStream(pa.BufferReader(content), codec) as stream:
            yield stream.read()

    return unpack


def _streams(content: bytes) -> Iterator[bytes]:
    """What the packed texts of a PNG say."""
    for found in re.finditer(rb"(?:zTXt|iTXt)", content):
        for stream in _ZLIB_STREAM.finditer(content, found.end(), found.end() + 200):
            try:
                yield zlib.decompressobj().decompress(content[stream.start() :])
            except zlib.error:
                continue


_PACKED: Mapping[bytes, Callable[[bytes], Iterator[bytes]]] = {
    PARQUET_START: lambda content: _parquet(io.BytesIO(content)),
    b"PK\x03\x04": _unzipped,
    b"\x89PNG\r\n\x1a\n": _streams,
    b"ARROW1\0\0": _table_file,
    b"SQLite format 3\0": _database,
    b"\x1f\x8b": lambda content: iter([gzip.decompress(content)]),
    **{b"BZh%d1AY&SY" % level: lambda content: iter([bz2.decompress(content)]) for level in range(1, 10)},
    b"\xfd7zXZ\0": lambda content: iter([lzma.decompress(content)]),
    b"\x28\xb5\x2f\xfd": _stream("zstd"),
    b"\x04\x22\x4d\x18": _stream("lz4"),
}
"""What unpacks a file that begins so, one level."""
_OPAQUE: Mapping[str, tuple[int, bytes]] = {
    "DuckDB": (8, b"DUCK"),
    "HDF5": (0, b"\x89HDF\r\n\x1a\n"),
    "Avro": (0, b"Obj\x01"),
    "7-Zip": (0, b"7z\xbc\xaf\x27\x1c"),
    "RAR": (0, b"Rar!\x1a\x07"),
}
"""Packed forms that are not looked into: what they are, and which bytes stand at which place of them."""
