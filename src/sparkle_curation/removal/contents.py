"""What stands in a file, whatever packs it: the bytes themselves, and those that are unpacked from them.

Parquet, journals, gzip, zip and npz, tar, zstd, PNG texts and embedded base64, one in the other. Rows of tables come as
uncompressed Arrow, in which each text stands as it is.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sparkle_curation.engine.journal.records import bytes_of, find_records, rows_of

JOURNAL_START = b"sparkle-curation journal "
PARQUET_START = b"PAR1"
_ZSTD_START = b"\x28\xb5\x2f\xfd"
_GZIP_START = b"\x1f\x8b"
_ZIP_START = b"PK\x03\x04"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_TAR_PLACE = slice(257, 262)
_START_BYTES = 512
_BLOCK_BYTES = 16 << 20
_OVERLAP_BYTES = 64 << 10
"""Longer than any needle, so that none is cut by the end of a block."""
_DEEPEST = 6
_DATA_URI = re.compile(rb"data:[\w/+.;=-]*;base64,([A-Za-z0-9+/=]{16,})")
_ZLIB_STREAM = re.compile(rb"x[\x01\x5e\x9c\xda]")


class UnreadableError(Exception):
    """A packed file is torn, so nobody can tell what stands in it."""


def start_of(path: Path) -> bytes:
    """The first bytes of a file, which tell its form."""
    with path.open("rb") as file:
        return file.read(_START_BYTES)


def pieces(path: Path) -> Iterator[bytes]:
    """All that stands in a file, packed or not, in pieces that may repeat.

    Raises:
        UnreadableError: it is packed and torn.
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
    ) as error:
        raise UnreadableError(f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}") from error


def unpacked(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """The bytes, and what is packed in them."""
    yield content
    if depth >= _DEEPEST:
        return
    for part in _parts(content):
        yield from unpacked(part, depth + 1)
    for found in _DATA_URI.finditer(content):
        try:
            yield from unpacked(base64.b64decode(found[1]), depth + 1)
        except binascii.Error:
            continue


def _parts(content: bytes) -> Iterator[bytes]:
    """What a packed file holds, one level down."""
    if content.startswith(_GZIP_START):
        yield gzip.decompress(content)
    elif content.startswith(_ZSTD_START):
        yield _unpack_zstd(content)
    elif content.startswith(_ZIP_START):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from map(archive.read, archive.infolist())
    elif content[_TAR_PLACE] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            yield from (file.read() for entry in tar if entry.isfile() and (file := tar.extractfile(entry)))
    elif content.startswith(PARQUET_START) and content.endswith(PARQUET_START):
        yield from _parquet(io.BytesIO(content))
    elif content.startswith(_PNG_START):
        yield from _streams(content)


def embedded_pictures(content: bytes) -> int:
    """How many pictures or videos are embedded as base64."""
    return len(re.findall(rb"data:(?:image/(?:png|jpe?g|webp|gif|avif)|video/)", content))


def _is_packed(start: bytes) -> bool:
    return (
        start.startswith((_GZIP_START, _ZSTD_START, _ZIP_START, _PNG_START)) or start[_TAR_PLACE] == b"ustar"
    )


def _blocks(path: Path) -> Iterator[bytes]:
    kept = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            content = kept + block
            yield from unpacked(content)
            kept = content[-_OVERLAP_BYTES:]


def _parquet(source: Path | io.BytesIO) -> Iterator[bytes]:
    with pq.ParquetFile(source) as file:
        yield repr(file.schema_arrow.metadata or {}).encode() + str(file.schema_arrow).encode()
        for group in range(file.num_row_groups):
            yield arrow_bytes(file.read_row_group(group))


def arrow_bytes(rows: pa.Table) -> bytes:
    """The rows as uncompressed Arrow: each text and number in it as it is."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _unpack_zstd(content: bytes) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
        unpacked_bytes: bytes = stream.read()
    return unpacked_bytes


def _streams(content: bytes) -> Iterator[bytes]:
    """What the packed texts of a PNG say."""
    for found in re.finditer(rb"(?:zTXt|iTXt)", content):
        for stream in _ZLIB_STREAM.finditer(content, found.end(), found.end() + 200):
            try:
                yield zlib.decompressobj().decompress(content[stream.start() :])
            except zlib.error:
                continue
