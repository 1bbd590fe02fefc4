"""Where clips come from: a release by sample, or a folder of files by path; either gives the clip or why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

import polars as pl
import xxhash

from sparkle_curation.engine.io.storable_text import original, storable
from sparkle_curation.errors import FileError, MediaError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import KIND

SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"})
"""Of files that are taken for clips; what they hold is FFmpeg's to say."""
_PIECE_BYTES = 1 << 20

ResultT = TypeVar("ResultT")


class ClipSource(Protocol):
    """Opens clips by their names; travels to other processes."""

    def read(self, name: str, read: Callable[[BinaryIO], ResultT]) -> ResultT | Failure:
        """What ``read`` makes of the clip, or why it could not be read."""
        ...


@dataclass(frozen=True)
class ReleaseClips:
    """The source videos of a release, by sample id."""

    store: AssetStore

    def read(self, name: str, read: Callable[[BinaryIO], ResultT]) -> ResultT | Failure:
        """What ``read`` makes of the sample's source video, or why it could not be read."""
        return read_asset(self.store, name, KIND.source_video, read)


@dataclass(frozen=True)
class FolderClips:
    """The clips of a folder and those below it, by their paths in it."""

    folder: str

    def read(self, name: str, read: Callable[[BinaryIO], ResultT]) -> ResultT | Failure:
        """What ``read`` makes of the file, or why it could not be read."""
        try:
            with Path(self.folder, original(name)).open("rb") as file:
                return read(file)
        except MediaError as error:
            return Failure(error.code, storable(f"{error.what} ({error.got})" if error.got else error.what))
        except OSError as error:
            return _unread(error)


def list_clips(folder: str) -> pl.DataFrame:
    """The clips of a folder: ``id`` (path in it), ``identity`` (digest of all bytes), ``error``, ``error_detail``; by path.

    Args:
        folder: of this machine; hidden files, and files of other suffixes, are passed over.

    Raises:
        FileError: there is no such folder, it cannot be looked into, or it holds no clip.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileError(
            "A folder of clips is not there",
            where="camera.clips",
            got=folder,
            allowed="a folder of this machine that holds clips",
            todo="give one: --params camera.clips=/path/to/clips; or leave it out to look at the release",
        )
    names = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and not _is_hidden(path.relative_to(root))
    )
    if not names:
        raise FileError(
            "A folder of clips holds none",
            where=root,
            got="no file of such a name, in it or below",
            allowed=f"files that end with {', '.join(sorted(SUFFIXES))}",
            todo="give the folder that holds them: --params camera.clips=/path/to/clips",
        )
    rows = [{"id": storable(name), **_identify(root / name)} for name in names]
    schema = {"id": pl.String, "identity": pl.String, "error": pl.String, "error_detail": pl.String}
    return pl.DataFrame(rows, schema=schema)


def _identify(path: Path) -> dict[str, str | None]:
    digest = xxhash.xxh3_128()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
    except OSError as error:
        failure = _unread(error)
        return {"identity": None, "error": failure.error, "error_detail": failure.detail}
    return {"identity": digest.hexdigest(), "error": None, "error_detail": None}


def _unread(error: OSError) -> Failure:
    is_gone = isinstance(error, (FileNotFoundError, NotADirectoryError))
    fault = MediaFault.MISSING if is_gone else MediaFault.UNREADABLE
    return Failure(fault.value, error.strerror or "it cannot be read")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
