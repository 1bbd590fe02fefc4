"""A search of everything below a folder for what tells of a clip: ids, prompts, hashes and frames, packed or not.

It shares nothing with what removes a clip but the reading of journals' records: what that one overlooks is
found here. Run by hand: python -m tests.made.byte_search FOLDER RELEASE CLIP.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import html
import io
import json
import lzma
import re
import sqlite3
import sys
import tarfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from numpy.typing import NDArray
from PIL import Image

from sparkle_curation.engine.journal.records import bytes_of, find_records, rows_of
from sparkle_curation.media.hashing.perceptual_hash import hash_picture
from sparkle_curation.reports.sheet.panels import frame_panel

Picture = NDArray[np.uint8]
_DATA_URI = re.compile(rb"data:(?P<kind>[\w/+.-]+)[^,;]*;base64,(?P<text>[A-Za-z0-9+/=]+)")
_STRIP_PX = 48


@dataclass(frozen=True)
class Clip:
    """What is looked for.

    Attributes:
        words: needle -> what it is: an id, a prompt, a hash.
        pictures: frames and stills, RGB.
        searched: what was found in files so far, by the SHA-256 of their bytes.
    """

    words: Mapping[bytes, str]
    pictures: list[Picture]
    searched: dict[bytes, frozenset[str]] = field(default_factory=dict)


def describe_clip(release: Path, clip: Path) -> Clip:
    """All that tells of a clip and of the samples that a local release makes from it."""
    files = dict(_files_of(release))
    source = clip.read_bytes()
    ids = sorted(
        {
            name.rpartition("/")[2].split(".")[0]
            for name, data in files.items()
            if "/source_video/" in name and data == source
        }
    )
    words: dict[bytes, str] = {each.encode(): "id" for each in ids}
    pictures: list[Picture] = []
    others = "\n".join(_texts(release, lambda sample: sample not in ids))
    for text in _texts(release, lambda sample: sample in ids):
        if text not in others:
            words |= {form.encode(): "prompt" for form in _forms(text)}
            # What no way of writing changes, so that forms that nobody thought of are found too.
            plain = re.findall(r"[A-Za-z0-9 ]{16,}", text)
            words |= {each.encode(): "prompt" for each in plain if each not in others}
    for name, data in files.items():
        if name.rpartition("/")[2].split(".")[0] not in ids:
            continue
        for algorithm in (
            hashlib.md5,
            hashlib.sha1,
            hashlib.sha256,
            xxhash.xxh64,
            xxhash.xxh3_64,
            xxhash.xxh3_128,
        ):
            digest = algorithm(data).hexdigest()
            raw = bytes.fromhex(digest)
            words |= dict.fromkeys([digest.encode(), raw], "hash")
            if "/source_video/" in name:
                words |= dict.fromkeys([digest.upper().encode(), base64.b64encode(raw).rstrip(b"=")], "hash")
        found = _pictures_in(data)
        pictures += found
        if found and ("/source_video/" in name or "/source_frame0/" in name):
            words[hash_picture(found[0]).fine_text.encode()] = "hash"
    return Clip(words, [each for each in pictures if hash_picture(each).detail > 1])


def _forms(text: str) -> set[str]:
    """A text as files of all kinds have it, one form within another too."""
    as_json = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    within = {json.dumps(each)[1:-1] for each in as_json} | {html.escape(each) for each in as_json}
    quoted = {urllib.parse.quote(text), urllib.parse.quote(text, safe=""), urllib.parse.quote_plus(text)}
    return {text, html.escape(text), text.replace('"', '""'), repr(text)[1:-1], *as_json, *within, *quoted}


def search(folder: Path, clip: Clip) -> list[tuple[str, str]]:
    """Where what tells of the clip was found, and what: path, and id, prompt, hash or frame."""
    strips = [_strip(np.asarray(frame_panel(picture))) for picture in clip.pictures]
    hashes = [int(hash_picture(picture).fine_text, 16) for picture in clip.pictures]
    found: list[tuple[str, str]] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        kinds = {kind for word, kind in clip.words.items() if word in name.encode()}
        if path.is_file():
            data = path.read_bytes()
            # Files that were searched for this clip before, in another folder, need not be unpacked again.
            digest = hashlib.sha256(data).digest()
            if digest not in clip.searched:
                clip.searched[digest] = _kinds_in(data, path, clip, strips, hashes)
            kinds |= clip.searched[digest]
        found += [(name, kind) for kind in sorted(kinds)]
    return found


def _kinds_in(data: bytes, path: Path, clip: Clip, strips: list[bytes], hashes: list[int]) -> frozenset[str]:
    kinds = set()
    for content in _unpack(data, path):
        kinds |= {kind for word, kind in clip.words.items() if word in content}
        if any(_shows(picture, strips, hashes) for picture in _pictures_in(content)):
            kinds.add("frame")
    return frozenset(kinds)


def _shows(picture: Picture, strips: list[bytes], hashes: list[int]) -> bool:
    own = hash_picture(picture)
    if own.detail > 1 and any((int(own.fine_text, 16) ^ each).bit_count() <= 16 for each in hashes):
        return True
    content = picture.tobytes()
    return any(strip in content for strip in strips)


def _strip(panel: Picture) -> bytes:
    """A piece of the row of a drawn panel in which most changes."""
    middle = (panel.shape[1] - _STRIP_PX) // 2
    pieces = panel[:, middle : middle + _STRIP_PX]
    return pieces[int(np.argmax(pieces.astype(float).std(axis=(1, 2))))].tobytes()


def _pictures_in(content: bytes) -> list[Picture]:
    if content[:8] == b"\x89PNG\r\n\x1a\n" or content[:3] == b"\xff\xd8\xff" or content[8:12] == b"WEBP":
        return [np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))]
    if content[4:8] == b"ftyp" or content[:4] == b"\x1aE\xdf\xa3":
        with av.open(io.BytesIO(content)) as video:
            frames = list(video.decode(video=0))
        places = sorted({0, len(frames) // 2, len(frames) - 1}) if frames else []
        return [frames[place].to_ndarray(format="rgb24") for place in places]
    return []


def _unpack(content: bytes, path: Path | None = None, depth: int = 0) -> Iterator[bytes]:
    yield content
    if depth > 6:
        return
    for part in _parts(content, path):
        yield from _unpack(part, depth=depth + 1)
    for found in _DATA_URI.finditer(content):
        yield from _unpack(
            base64.b64decode(found["text"] + b"=" * (-len(found["text"]) % 4)), depth=depth + 1
        )


def _parts(content: bytes, path: Path | None) -> Iterator[bytes]:
    """What a packed file holds, one level down; nothing of one that packs nothing."""
    if content[257:262] == b"ustar":
        yield from _members(content)
        return
    for start, parts in _PACKED.items():
        if content.startswith(start):
            yield from parts(content)
    for start, parts_of in _OF_FILES.items() if path else ():
        if content.startswith(start):
            yield from parts_of(path)


def _journal(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for record in find_records(file):
            yield from _cells(rows_of(bytes_of(file, record)))


def _database(path: Path) -> Iterator[bytes]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
        yield "\n".join(base.iterdump()).encode("utf-8", "surrogateescape")


def _members(content: bytes) -> Iterator[bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        yield from (tar.extractfile(each).read() for each in tar if each.isfile())  # type: ignore[union-attr]


def _zip(content: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        yield from (archive.read(each) for each in archive.namelist())


def _arrow(content: bytes) -> Iterator[bytes]:
    with pa.ipc.open_file(pa.BufferReader(content)) as file:
        yield from _cells(file.read_all())


def _zlib(content: bytes) -> Iterator[bytes]:
    with suppress(zlib.error):
        yield zlib.decompress(content)


def _stream(codec: str) -> Callable[[bytes], Iterator[bytes]]:
    return lambda content: iter([pa.CompressedInputStream(pa.BufferReader(content), codec).read()])


def _parquet(content: bytes) -> Iterator[bytes]:
    """Rows, and what a file keeps beside them: dictionaries, least and greatest values, members of its metadata."""
    file = pq.ParquetFile(io.BytesIO(content))
    yield repr(file.metadata.metadata).encode() + repr(file.schema_arrow.metadata).encode()
    texts = [each.path for each in file.schema if each.physical_type == "BYTE_ARRAY"]
    for group in range(file.num_row_groups):
        facts = file.metadata.row_group(group)
        for place in range(facts.num_columns):
            if (least_and_most := facts.column(place).statistics) and least_and_most.has_min_max:
                yield f"{least_and_most.min} {least_and_most.max}".encode("utf-8", "surrogateescape")
    yield from _cells(file.read())
    packed = pq.ParquetFile(io.BytesIO(content), read_dictionary=texts).read()
    for column in packed.columns:
        for chunk in column.chunks if pa.types.is_dictionary(column.type) else ():
            yield repr(chunk.dictionary.to_pylist()).encode("utf-8", "surrogateescape")


def _cells(table: pa.Table) -> Iterator[bytes]:
    """Each row as text, which takes longer than a column and hides nothing."""
    rows = table.to_pylist()
    texts = (text for row in rows for text in (repr(row), json.dumps(row, ensure_ascii=False, default=str)))
    yield "\n".join(texts).encode("utf-8", "surrogatepass")


_PACKED: Mapping[bytes, Callable[[bytes], Iterator[bytes]]] = {
    b"PAR1": _parquet,
    b"PK\x03\x04": _zip,
    b"ARROW1": _arrow,
    b"\x1f\x8b": lambda content: iter([gzip.decompress(content)]),
    b"\x28\xb5\x2f\xfd": _stream("zstd"),
    b"\x04\x22\x4d\x18": _stream("lz4"),
    b"BZh": lambda content: iter([bz2.decompress(content)]),
    b"\xfd7zXZ\0": lambda content: iter([lzma.decompress(content)]),
    b"\x78": _zlib,
}
_OF_FILES: Mapping[bytes, Callable[[Path], Iterator[bytes]]] = {
    b"sparkle-curation journal ": _journal,
    b"SQLite format 3\0": _database,
}


# ------------------------------------------------------------------ the release
def _files_of(release: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(release.rglob("*")):
        if path.suffix == ".tar":
            with tarfile.open(path) as tar:
                for member in tar:
                    if member.isfile():
                        yield f"/{member.name}#{path.name}/../{member.name}", tar.extractfile(member).read()  # type: ignore[union-attr]
        elif path.is_file():
            yield f"/{path.relative_to(release).as_posix()}", path.read_bytes()


def _texts(release: Path, is_wanted: Callable[[str], bool]) -> set[str]:
    found = set()
    for path in release.rglob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if is_wanted(record["id"]):
                found |= {
                    record["prompt"],
                    (record.get("metadata") or {}).get("original_scene", record["prompt"]),
                }
    return found


if __name__ == "__main__":
    where, root, file = map(Path, sys.argv[1:])
    told = search(where, describe_clip(root, file))
    print(*(f"{kind:6} {name}" for name, kind in told), f"{len(told)} found", sep="\n")  # noqa: T201
    sys.exit(bool(told))
