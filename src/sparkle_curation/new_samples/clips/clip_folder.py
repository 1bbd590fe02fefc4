"""Where new clips are: files of a folder, and members of the tars in it, read where they lie."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, TypeVar

import polars as pl
import xxhash

from sparkle_curation.engine.io.storable_text import original, storable
from sparkle_curation.errors import FileError, MediaError
from sparkle_curation.ingest.exclusions.exclusion_list import ExclusionList
from sparkle_curation.media.assets import Failure
from sparkle_curation.media.camera.clips import SUFFIXES
from sparkle_curation.spec.codes.media_faults import MediaFault

IN_TAR = "!"
"""Between the path of a tar and the path of its member."""
_TARS = (".tar", ".tar.gz", ".tgz")
_PIECE_BYTES = 1 << 20
_MOST_MEMBER_BYTES = 4 << 30
_SCHEMA = {
    "clip": pl.String,
    "clip_hash": pl.String,
    "size_bytes": pl.Int64,
    "file_state": pl.String,
    "error": pl.String,
    "error_detail": pl.String,
}

ResultT = TypeVar("ResultT")

_EMPTY = Failure(MediaFault.EMPTY.value, "0 bytes")

Known = Mapping[tuple[str, str], str]
"""Name of a clip and state of its file -> its hash, as an earlier run read it."""


@dataclass(frozen=True)
class NewClips:
    """The clips of a folder by their names; travels to other processes.

    Attributes:
        folder: of this machine.
    """

    folder: str

    def read(self, name: str, read: Callable[[BinaryIO], ResultT]) -> ResultT | Failure:
        """What ``read`` makes of a clip, or why it could not be read."""
        path, _, member = original(name).partition(IN_TAR)
        try:
            if member:
                with tarfile.open(Path(self.folder, path)) as tar:
                    return _EMPTY if not tar.getmember(member).size else read(_whole(tar, member))
            with Path(self.folder, path).open("rb") as file:
                is_empty = not file.read(1)
                file.seek(0)
                return _EMPTY if is_empty else read(file)
        except MediaError as error:
            return Failure(error.code, storable(f"{error.what} ({error.got})" if error.got else error.what))
        except (OSError, EOFError, KeyError, tarfile.TarError) as error:
            return _unread(error)


def list_new_clips(folder: str, before: pl.DataFrame | None = None) -> pl.DataFrame:
    """The clips of a folder and those below it, by name; a file that is as it was before is not read again.

    Columns: ``clip``, ``clip_hash``, ``size_bytes``, ``file_state``, ``error``, ``error_detail``. A tar that cannot be read
    is a row with an error, as is a clip, or a link that leads nowhere. Hidden files and other suffixes are passed over.

    Args:
        folder: of this machine.
        before: ``new_clips`` of the run before; None, or a frame without columns, where there is none.

    Raises:
        FileError: there is no such folder, or it holds neither clips nor tars.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise FileError(
            "A folder of clips is not there",
            where="clips.folder",
            got=folder,
            allowed="a folder of this machine that holds clips, or tars of them",
            todo="give one: --params clips.folder=/path/to/clips",
        )
    known = _known(before)
    rows = [row for path in _paths(root) for row in _rows(root, path, known)]
    if not rows:
        raise FileError(
            "A folder of clips holds none",
            where=root,
            got="no file of such a name, in it, below, or in its tars",
            allowed=f"files that end with {', '.join(sorted(SUFFIXES))}, and {', '.join(_TARS)} of them",
            todo="give the folder that holds them: --params clips.folder=/path/to/clips",
        )
    return pl.DataFrame(rows, schema=_SCHEMA).sort("clip")


def is_excluded(source: NewClips, listed: pl.DataFrame, excluded: ExclusionList) -> pl.Series:
    """Of each clip whether it is on the list of excluded ones; those alone are read that have the length of one.

    Args:
        source: opens the clips.
        listed: of ``list_new_clips``.
        excluded: the list.
    """
    found = []
    for name, size in listed.select("clip", "size_bytes").rows():
        hashes = excluded.hashes_by_size.get(size, frozenset()) if size is not None else frozenset()
        digest = source.read(name, lambda file: hashlib.sha256(file.read()).hexdigest()) if hashes else ""
        found.append(digest in hashes)
    return pl.Series(found, dtype=pl.Boolean)


def _paths(root: Path) -> list[Path]:
    return sorted(
        path
        for path in root.rglob("*")
        if not any(part.startswith(".") for part in path.relative_to(root).parts)
        and (path.is_file() or (path.is_symlink() and not path.exists()))
    )


def _known(before: pl.DataFrame | None) -> Known:
    if before is None or "file_state" not in before.columns:
        return {}
    rows = before.drop_nulls(["file_state", "clip_hash"]).select("clip", "file_state", "clip_hash").rows()
    return {(clip, state): clip_hash for clip, state, clip_hash in rows}


def _state(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ino}"


def _rows(root: Path, path: Path, known: Known) -> Iterator[dict[str, object]]:
    name = path.relative_to(root).as_posix()
    if path.suffix.lower() in SUFFIXES:
        yield {"clip": storable(name), **_identify(path, storable(name), known)}
    elif name.lower().endswith(_TARS):
        yield from _members(path, name, known)


def _identify(path: Path, name: str, known: Known) -> dict[str, object]:
    try:
        state = _state(path)
        if clip_hash := known.get((name, state)):
            return {"clip_hash": clip_hash, "size_bytes": path.stat().st_size, "file_state": state}
        with path.open("rb") as file:
            return {**_hashed(file), "file_state": state}
    except OSError as error:
        is_nowhere = isinstance(error, FileNotFoundError) and path.is_symlink()
        own = (
            {"error_detail": storable(f"a link to {path.readlink()}, where nothing is")} if is_nowhere else {}
        )
        return {**_told(error), **own}


def _members(path: Path, name: str, known: Known) -> Iterator[dict[str, object]]:
    try:
        state = _state(path)
        with tarfile.open(path) as tar:
            for member in tar:
                hidden = any(part.startswith(".") and part != "." for part in Path(member.name).parts)
                if not member.isfile() or hidden or Path(member.name).suffix.lower() not in SUFFIXES:
                    continue
                clip = storable(f"{name}{IN_TAR}{member.name}")
                facts: dict[str, object] = {"clip": clip, "file_state": state}
                if clip_hash := known.get((clip, state)):
                    yield {**facts, "clip_hash": clip_hash, "size_bytes": member.size}
                elif (file := tar.extractfile(member)) is not None:
                    yield {**facts, **_hashed(file)}
    except (OSError, EOFError, tarfile.TarError) as error:
        yield {"clip": storable(name), **_told(error)}


def _hashed(file: IO[bytes]) -> dict[str, object]:
    digest, size = xxhash.xxh3_128(), 0
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
    return {"clip_hash": digest.hexdigest(), "size_bytes": size}


def _whole(tar: tarfile.TarFile, name: str) -> BinaryIO:
    """A member in memory: video readers jump to and fro, which a compressed tar makes slow."""
    member = tar.getmember(name)
    file = tar.extractfile(member)
    if file is None or member.size > _MOST_MEMBER_BYTES:
        raise OSError(f"a member of {member.size} bytes that is no file, or too large for the memory")
    return io.BytesIO(file.read())


def _told(error: Exception) -> dict[str, object]:
    failure = _unread(error)
    return {"error": failure.error, "error_detail": failure.detail}


def _unread(error: Exception) -> Failure:
    is_gone = isinstance(error, (FileNotFoundError, NotADirectoryError, KeyError))
    fault = MediaFault.MISSING if is_gone else MediaFault.UNREADABLE
    told = getattr(error, "strerror", None) or str(error) or "it cannot be read"
    return Failure(fault.value, storable(told))
