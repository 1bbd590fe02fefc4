"""What a file is that is not what its name says, told by its first bytes, and what to do about it.

A clone without its large files, a download that a server answered with a page, a file that was packed: each is whole, and
none of it is damaged. So every reader that finds no beginning of its own asks here, and says it in these words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sparkle_curation.errors import ReleaseError

START_BYTES = 512
"""What must be seen of a file: the mark of a tar ends at byte 263, and a pointer of Git LFS has 130 bytes."""

PACKED_SUFFIXES = {
    "gz": "gunzip",
    "tgz": "gunzip",
    "bz2": "bunzip2",
    "xz": "unxz",
    "zst": "zstd -d",
    "zip": "unzip",
}
"""Ends of names that packing puts behind a name -> the command that takes it off."""


class FileStart(NamedTuple):
    """What a file is, as a noun with its article, and what to do to have the file that was meant."""

    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.what}: {self.todo}"


_AGAIN = "download the file again"
_OWN_NAME = "give it the name of what it is, and put the file that belongs here in its place"
_MAGIC: tuple[tuple[int, bytes, str, str, str], ...] = (
    # where, bytes, the suffix that they are right for, what, what to do
    (0, b"\x1f\x8b\x08", "gz", "a file packed with gzip", PACKED_SUFFIXES["gz"]),
    (0, b"BZh", "bz2", "a file packed with bzip2", PACKED_SUFFIXES["bz2"]),
    (0, b"\xfd7zXZ\0", "xz", "a file packed with xz", PACKED_SUFFIXES["xz"]),
    (0, b"\x28\xb5\x2f\xfd", "zst", "a file packed with Zstandard", PACKED_SUFFIXES["zst"]),
    (0, b"PK\3\4", "npz", "a zip archive", PACKED_SUFFIXES["zip"]),
    (0, b"PK\5\6", "npz", "an empty zip archive", _AGAIN),
    (0, b"7z\xbc\xaf\x27\x1c", "7z", "a 7z archive", "7z x"),
    (0, b"Rar!\x1a\x07", "rar", "a rar archive", "unrar x"),
    (257, b"ustar\0", "tar", "a tar", _OWN_NAME),
    (257, b"ustar  \0", "tar", "a tar", _OWN_NAME),
    (0, b"\x89PNG\r\n\x1a\n", "png", "a PNG", _OWN_NAME),
    (0, b"\xff\xd8\xff", "jpg", "a JPEG", _OWN_NAME),
    (0, b"GIF8", "gif", "a GIF", _OWN_NAME),
    (8, b"WEBPVP8", "webp", "a WebP", _OWN_NAME),
    (8, b"AVI LIST", "avi", "an AVI video", _OWN_NAME),
    (4, b"ftyp", "mp4", "an mp4", _OWN_NAME),
    (0, b"\x1a\x45\xdf\xa3", "mkv", "a Matroska or WebM video", _OWN_NAME),
    (0, b"\x93NUMPY", "npy", "a single array of NumPy", _OWN_NAME),
    (0, b"PAR1", "parquet", "a Parquet file", _OWN_NAME),
    (0, b"%PDF", "pdf", "a PDF", _OWN_NAME),
)
_LFS = re.compile(rb"version https://git-lfs\.github\.com/spec/[^\n]*\n(?:[^\n]*\n)*?size (\d{1,20})")
_LFS_START = b"version https://git-lfs.github.com/spec/"
_ANNEX = re.compile(rb"[^\n]{0,400}/annex/objects/[^\n]+\n?")
_PAGE = re.compile(rb"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_XML = re.compile(rb"<(?:\?xml|error)\b", re.IGNORECASE)
_JSON = re.compile(rb'(?:\{\s*"|\[\s*[{"])[^\0]{9}')
_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")
_MIN_BYTES_16 = 16


def recognise(start: bytes, suffix: str) -> FileStart | None:
    r"""What the file is, if it is something else than its suffix says and is known; None also where it is what it should be.

    Args:
        start: its first ``START_BYTES`` bytes, or all that it has.
        suffix: what its name ends in, without the dot; ``csv`` and ``jsonl`` are texts.

    >>> print(recognise(b"\x1f\x8b\x08\0", "jsonl"))
    a file packed with gzip: gunzip
    >>> recognise(b'{"id": "a"}', "jsonl") is None
    True
    """
    own_suffixes, found = next(_matches(start), ("", None))
    return None if suffix in own_suffixes.split() else found


def _matches(start: bytes) -> Iterator[tuple[str, FileStart]]:
    """What the file may be, the surest first, each with the suffixes that are right for it."""
    if start.startswith(_LFS_START):
        size = _LFS.match(start)
        of = f" in place of {int(size[1]):,} bytes" if size else ""
        todo = "git lfs pull in the clone that it is from, or download the file"
        yield "", FileStart(f"a pointer of Git LFS{of}", todo)
    for offset, magic, own, what, todo in _MAGIC:
        if start[offset : offset + len(magic)] == magic:
            yield own, FileStart(what, todo)
    if _is_utf16(start):
        yield "", FileStart("a text in UTF-16", "iconv -f UTF-16 -t UTF-8")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if _PAGE.match(text):
        yield "", FileStart("an HTML page, as a server sends it in place of a file", _AGAIN)
    if _XML.match(text):
        yield "", FileStart("an XML page, as a server sends it in place of a file", _AGAIN)
    if _ANNEX.fullmatch(start):
        yield "", FileStart("a pointer of git-annex", "git annex get")
    if _JSON.match(text) and b"\0" not in text:
        yield "jsonl csv", FileStart("a JSON text, as a server sends it in place of a file", _AGAIN)
    if len(start) >= START_BYTES and not start.strip(b"\0"):
        yield "tar", FileStart("a file of zeros, as a download that was cut leaves it", _AGAIN)


def is_json_list(start: bytes) -> bool:
    """Whether a text begins as one JSON list does; so does many a damaged line: it is told of files without a good one."""
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


JSON_LIST = FileStart("one JSON list, where each line should be an object", "jq -c '.[]'")


def check_text(start: bytes, path: str, suffix: str | None = None) -> None:
    """Nothing, where a text may begin so.

    Args:
        start: the first bytes.
        path: of the file.
        suffix: that a text of its kind has; None for that of the path.

    Raises:
        ReleaseError: the whole file is something else. None of its lines is a line then, so none is quarantined.
    """
    suffix = suffix or path.rpartition(".")[2]
    if found := recognise(start, suffix):
        raise ReleaseError(
            "A file of the release is not what its name says",
            where=path,
            got=found.what,
            allowed=f"a text in UTF-8, as {suffix} is",
            todo=f"{found.todo}; or move it away to curate without it",
        )


def describe_start(start: bytes, suffix: str) -> str:
    """What a media file begins as, for one that does not begin as it should."""
    return str(recognise(start, suffix) or f"begins with the bytes {start[:16].hex(' ')}")


def _is_utf16(start: bytes) -> bool:
    """Whether every other byte is the zero that UTF-16 puts beside a letter of ASCII."""
    if start[:2] in _MARKS_16:
        return b"\0" in start
    halves = (start[0::2], start[1::2])
    return len(start) >= _MIN_BYTES_16 and any(
        one.count(0) > 0.9 * len(one) and not other.count(0) for one, other in (halves, halves[::-1])
    )
