"""The list of excluded source clips: a CSV in git, read and checked line by line, appended to under a lock.

A line is a clip: the SHA-256 of its bytes, its length, the day and the kind of the request. No cell takes free text, so that
nobody writes a name there; and no sample id, which would point at the person in the published release. The length is there
so that a run reads those clips alone that have it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.io.locks import folder_lock
from sparkle_curation.errors import SparkleError, did_you_mean

_HASH = re.compile("[0-9a-f]{64}")
_SIZE = re.compile("[1-9][0-9]{0,15}|0")


class ExclusionError(SparkleError):
    """The list of excluded clips says something that it may not, or a removal cannot be made as it was asked for."""


class Request(StrEnum):
    """Who asked for a removal; a kind, never a name."""

    PERSON = "person"
    GUARDIAN = "guardian"
    RIGHTS_HOLDER = "rights_holder"
    AUTHORITY = "authority"
    OTHER = "other"


@dataclass(frozen=True)
class ExcludedClip:
    """A line of the list.

    Attributes:
        source_hash: SHA-256 of the clip's bytes, 64 hexadecimal digits.
        size_bytes: its length.
        date: the day of the entry, ``2026-11-28``.
        reason: who asked, one of ``Request``.
    """

    source_hash: str
    size_bytes: int
    date: str
    reason: str


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(ExcludedClip))
_HEADER = ",".join(COLUMNS)


@dataclass(frozen=True)
class ExclusionList:
    """The clips of the list.

    Attributes:
        clips: in the order of the file, each hash once.
        where: the file.
    """

    clips: tuple[ExcludedClip, ...] = ()
    where: str = ""

    def __bool__(self) -> bool:
        return bool(self.clips)

    @cached_property
    def hashes_by_size(self) -> Mapping[int, frozenset[str]]:
        """The hashes of the clips of each length."""
        found: dict[int, set[str]] = {}
        for clip in self.clips:
            found.setdefault(clip.size_bytes, set()).add(clip.source_hash)
        return {size: frozenset(hashes) for size, hashes in found.items()}

    @cached_property
    def digest(self) -> str:
        """Another one as soon as another set of clips is listed."""
        hashes = sorted(clip.source_hash for clip in self.clips)
        return hashlib.sha256(f"exclusions {' '.join(hashes)}".encode()).hexdigest()[:32]


def read_exclusions(path: Path) -> ExclusionList:
    """The list at ``path``.

    Raises:
        ExclusionError: it is not there, or a line is none; with what stands there, what may, and what to do.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ExclusionError(
            "The list of excluded clips is not there, and without it nobody knows what must stay out",
            where=path,
            allowed=f"a CSV, with its header alone where no clip is excluded: {_HEADER}",
            todo=f"restore it: git checkout -- {path}; or, where there never was one, make a file with that line",
        ) from None
    return parse_exclusions(content, where=str(path))


def parse_exclusions(content: bytes, *, where: str) -> ExclusionList:
    """The list in a file's bytes, CSV in UTF-8 with a header; no bytes are no clip, and blank lines are passed over.

    Raises:
        ExclusionError: as ``read_exclusions``.
    """
    try:
        text = content.decode("utf-8-sig")
        rows = [(place, cells) for place, cells in enumerate(csv.reader(io.StringIO(text)), 1) if cells]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExclusionError(
            "The list of excluded clips cannot be read",
            where=where,
            got=str(error),
            allowed=f"a CSV in UTF-8: {_HEADER}",
            todo="restore it as git has it: git diff shows what was changed",
        ) from None
    if rows and rows[0][1] != list(COLUMNS):
        raise ExclusionError(
            "The list of excluded clips has another header",
            where=f"{where}, line {rows[0][0]}",
            got=",".join(rows[0][1]),
            allowed=_HEADER,
            todo=f"make its first line: {_HEADER}",
        )
    clips = [_checked(cells, f"{where}, line {line}") for line, cells in rows[1:]]
    return ExclusionList(tuple({clip.source_hash: clip for clip in clips}.values()), where)


def add_exclusion(path: Path, clip: ExcludedClip) -> bool:
    """Append a clip to the list, and give whether it was not there; the other lines stay as they are, byte for byte.

    Raises:
        ExclusionError: what is there, or the clip, is no line of the list.
    """
    _checked([str(cell) for cell in astuple(clip)], "the clip to be listed")
    with folder_lock(path.parent):
        before = path.read_bytes() if path.is_file() else b""
        known = parse_exclusions(before, where=str(path))
        if any(clip.source_hash == each.source_hash for each in known.clips):
            return False
        before = before if before.strip() else f"{_HEADER}\n".encode()
        line = ",".join(map(str, astuple(clip)))
        with atomic_file(path) as temporary:
            temporary.write_bytes(before.rstrip(b"\r\n") + f"\n{line}\n".encode())
    return True


def clip_of(blocks: Iterable[bytes], *, day: date, reason: Request) -> ExcludedClip:
    """The line of a clip with these bytes."""
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    return ExcludedClip(digest.hexdigest(), size, day.isoformat(), reason.value)


def _checked(cells: list[str], where: str) -> ExcludedClip:
    cells = [cell.strip() for cell in cells]
    if len(cells) != len(COLUMNS):
        raise ExclusionError(
            "A line of the list of excluded clips has more or fewer cells than its header",
            where=where,
            got=f"{len(cells)} cells",
            allowed=_HEADER,
            todo="have the exclude pipeline write it: kedro run --pipelines exclude --params exclude.clip=/path/to/clip.mp4",
        )
    source_hash, size, day, reason = cells
    for name, value, is_right, allowed in (
        ("source_hash", source_hash, _HASH.fullmatch(source_hash), "SHA-256 of the clip: sha256sum clip.mp4"),
        ("size_bytes", size, _SIZE.fullmatch(size), "length of the clip in bytes"),
        ("date", day, _is_day(day), "a day as 2026-11-28"),
        ("reason", reason, reason in set(Request), ", ".join(Request)),
    ):
        if not is_right:
            near = did_you_mean(reason, Request) if name == "reason" else None
            raise ExclusionError(
                f"A line of the list of excluded clips has a {name} that is none",
                where=where,
                # Whatever somebody wrote there by mistake, such as a name, goes into no log.
                got=f"{len(value)} characters that are none" if name == "reason" else repr(value),
                allowed=allowed,
                todo=near or "mend that cell; no other text may stand in the list",
            )
    return ExcludedClip(source_hash, int(size), day, reason)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
