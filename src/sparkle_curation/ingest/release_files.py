"""The files of a release under its root: a local folder or any fsspec URL.

All paths are relative to the root, with ``/`` between folders, as in ``spec.layout``.
"""

from __future__ import annotations

import copy
import errno
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast

import xxhash

from sparkle_curation.engine.io.patience import ResultT, ask_patiently, pauses_of
from sparkle_curation.engine.io.remote.ahead import read_ahead
from sparkle_curation.engine.io.remote.hub_ranges import pin_commit
from sparkle_curation.engine.io.remote.ranges import Range, RangeReader
from sparkle_curation.engine.io.remote.sources import (
    is_folder,
    open_file_system,
    open_stream,
    protocols,
    range_reader,
)
from sparkle_curation.engine.io.server_faults import server_error
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.errors import ReleaseError, ServerError
from sparkle_curation.ingest.exclusions.exclusion_list import ExclusionList
from sparkle_curation.ingest.links import allowed_folders, refusal
from sparkle_curation.ingest.noted_contents import NotedContents
from sparkle_curation.ingest.remote_files import (
    AheadReader,
    ByteReader,
    RemoteAccess,
    RemoteReader,
    known_info,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, order=True, slots=True)
class SourceFile:
    """A file of the release as its file system lists it.

    Attributes:
        path: path from the release root.
        size: length in bytes.
        modified: what the file system gives to tell versions apart: mtime in nanoseconds, else an ETag.
    """

    path: str
    size: int
    modified: str


CONVERTED = "@converted"
"""Before the path of a file that was made of the release and lies in a folder of its own, see ``RemoteAccess``."""

_BLOCK_BYTES = 1 << 20
_BY_PATH = attrgetter("path")  # a path is there once, and comparing the whole files takes six times as long


def check_address(root: str) -> None:
    """Nothing, when files can lie below the address; no network is asked.

    Raises:
        ReleaseError: it has a query, so the path of a file would come after that, and each be asked for as the folder.
    """
    if root.startswith(("http://", "https://")) and "?" in root:
        raise ReleaseError(
            "The address of the release has a query, which no folder behind http can have",
            where=f"release_root={root}",
            allowed="the address of a folder, such as https://host/Sparkle, with user and password where it needs them",
            todo="leave out the question mark and what follows it; where the server wants it, download the release "
            "and give its folder",
        )


class ReleaseFiles:
    """Lists and reads the files of one release.

    Args:
        root: a local folder or an fsspec URL, such as ``s3://bucket/Sparkle``.
        contents: Parquet files that say which content some files of a release had at a size and time
            (``noted_contents.CONTENT_COLUMNS``); one that is not there says nothing.
        trusts_times: whether a local file of the same size and time is taken for the same; else it is read.
        exclusions: source clips that were excluded on request, whose samples no table of the release has.
        access: how files behind a URL are reached; None for the default.

    Attributes:
        commit: the commit of the hub that all is read of, whatever is pushed meanwhile; None elsewhere.

    Raises:
        ReleaseError: there is no folder at ``root``, or it is the address of one file.
    """

    def __init__(
        self,
        root: str,
        *,
        contents: Sequence[Path] = (),
        trusts_times: bool = True,
        exclusions: ExclusionList | None = None,
        access: RemoteAccess | None = None,
    ) -> None:
        self.root = str(root)
        self.exclusions = exclusions or ExclusionList()
        self.access = access or RemoteAccess()
        self._noted, self._trusts_times = NotedContents(contents, self.root), trusts_times
        self._hashed: dict[SourceFile, str] = {}
        self._fs, self._base = open_file_system(self.root, self.access.settings, self.access.storage)
        check_address(self.root)
        self._is_local = "file" in protocols(self._fs)
        self._reader: RangeReader | None = None
        self._reader_pid = 0
        self._listings: dict[str, list[SourceFile]] = {}  # of a server, which is asked once for a folder
        self.commit: str | None = None
        self._link_folders = allowed_folders(self._base) if self._is_local else ()
        self._refused: dict[str, list[tuple[str, str]]] = {}  # by folder, as it was listed last
        self._told_links: set[str] = set()
        if "hf" in protocols(self._fs):
            self._pin_commit()
        if not self._ask(self.root, partial(is_folder, self._fs, self._base)):
            raise ReleaseError(
                "The release root is not a folder",
                where=f"release_root={self.root}",
                got=self._what_is_no_folder(),
                allowed="a local folder or fsspec URL that holds prompts/, {theme}/, intermediate_data/ or a part of them",
                todo="point to your download: kedro run --pipelines curate --params release_root=/path/to/Sparkle"
                if self._is_local
                else "see how the address is written; behind http, a browser must show the folder with its list of files",
            )

    @property
    def is_local(self) -> bool:
        """Whether the files lie on this machine, so that reading costs no transfer."""
        return self._is_local

    def files_in(self, folder: str = "") -> list[SourceFile]:
        """The files directly in ``folder``, by name; none when the folder is not there.

        Links are followed inside of the release, and of the hub's cache that it is a part of; of others it is said
        once that they are not.
        """
        if self._is_here(folder):
            refused: list[tuple[str, str]] = []
            files = sorted(self._scan(folder, refused), key=_BY_PATH)
            self._refused[folder] = sorted(refused)
            self._tell_links(folder)
            return files
        if folder not in self._listings:
            self._listings[folder] = self._remote_files(folder)
        return list(self._listings[folder])

    def _remote_files(self, folder: str) -> list[SourceFile]:
        try:
            entries = [entry for entry in self._listed(self._full(folder)) if entry["type"] == "file"]
        except (FileNotFoundError, NotADirectoryError):
            return []
        # A listing over http names the files and no more: each is asked for its length, many at once.
        unsized = [entry["name"] for entry in entries if entry.get("size") is None]
        asks = ((name, partial(known_info, self._fs, name)) for name in unsized)
        infos = dict(zip(unsized, self._ranges.ask_all(asks), strict=True)) if unsized else {}
        sources = (
            _from_info(_join(folder, name.rsplit("/", 1)[-1]), infos.get(name, entry))
            for entry in entries
            if (name := entry["name"])
        )
        return sorted(sources, key=_BY_PATH)

    def refused_links(self, folder: str = "") -> list[tuple[str, str]]:
        """The path and the reason of each link directly in ``folder`` that is not followed, or of the folder itself."""
        if folder not in self._refused:
            self.files_in(folder)
        return self._refused.get(folder, [])

    def has_files(self, folder: str) -> bool:
        """Whether there is a file directly in ``folder``; a local folder is not listed further than to the first."""
        if self._is_local:
            return any(True for _ in self._scan(folder, []))
        return bool(self.files_in(folder))

    def folders_in(self, folder: str = "") -> list[str]:
        """Names of the folders directly in ``folder``, sorted; none where it cannot be listed."""
        full = self._full(folder)
        try:
            if self._is_local:
                with os.scandir(full) as entries:
                    return sorted(entry.name for entry in entries if Path(entry.path).is_dir())
            listed = self._listed(full)
        except (OSError, ServerError):
            return []
        return sorted(
            entry["name"].rstrip("/").rpartition("/")[2] for entry in listed if entry["type"] == "directory"
        )

    def parents(self, count: int) -> list[str]:
        """The roots above this one, the nearest first, at most ``count``; of a URL down to its bucket or server."""
        if self._is_local:
            return [str(path) for path in PurePath(self._base).parents][:count]
        scheme, mark, path = self.root.rstrip("/").partition("://")
        if not mark or "?" in path:  # a chained URL, or one whose end is no path
            return []
        names = path.split("/")
        return [f"{scheme}://{'/'.join(names[:end])}" for end in range(len(names) - 1, 0, -1)][:count]

    def find(self, path: str) -> SourceFile | None:
        """The file at ``path``, as its folder lists it; None when it is not there."""
        folder, _, name = path.rpartition("/")
        return next((file for file in self.files_in(folder) if file.path == _join(folder, name)), None)

    def version(self, file: SourceFile) -> str:
        """What tells this version of a file from another: a digest of its content where that is known, else its time.

        A digest that was noted counts only where the file still has the size and time that were noted with it. Behind
        a URL it is what the server says, which is mostly of the content.
        """
        if not self._is_local:
            return file.modified
        if not self._trusts_times:
            if file not in self._hashed:
                self._hashed[file] = self.content_hash(file.path)
            return _content_version(self._hashed[file])
        content = self._noted.content_of(file.path, file.size, file.modified)
        return file.modified if content is None else _content_version(content)

    def content_hash(self, path: str) -> str:
        """xxh3-128 of a file's bytes."""
        digest = xxhash.xxh3_128()
        with self.open(path) as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
        return digest.hexdigest()

    def __getstate__(self) -> dict[str, object]:
        """Without what was read of what was noted, which may be long: who probes in another process asks for no version."""
        left: dict[str, object] = {"_noted": self._noted.unread(), "_listings": {}, "_reader": None}
        return self.__dict__ | left

    def open(self, path: str) -> BinaryIO:
        """The file at ``path``, open for reading from its start."""
        if self._is_here(path):
            self._check_link(path)
            return open(self._full(path), "rb", buffering=0)  # noqa: PTH123 -- the caller closes it
        full = self._full(path)
        file = self._ask(full, partial(open_stream, self._fs, full))
        if fetch := getattr(getattr(file, "cache", None), "fetcher", None):
            file.cache.fetcher = lambda *part: self._ask(full, partial(fetch, *part))
        return cast(BinaryIO, file)

    def local_file(self, path: str) -> Path | None:
        """The file at ``path`` itself, behind any link that is followed; None where the files lie behind a URL.

        Raises:
            PermissionError: it is a link that is not followed.
        """
        if not self._is_here(path):
            return None
        self._check_link(path)
        return Path(os.path.realpath(self._full(path)))

    @contextmanager
    def reader(self, path: str) -> Iterator[ByteReader]:
        """A reader of any part of the file at ``path``: a seek and a read, never the whole.

        Raises:
            ReleaseError: while reading, the server answers with another part than it was asked for.
        """
        if not self._is_here(path):
            yield RemoteReader(self._ranges, self._full(path))
            return
        self._check_link(path)
        handle = os.open(self._full(path), os.O_RDONLY)
        try:
            yield _LocalReader(handle)
        finally:
            os.close(handle)

    def ahead(self, wanted: Sequence[Sequence[Range]]) -> Iterator[AheadReader]:
        """For each item, in order, a reader of what it wants of files behind a URL; those behind it are fetched meanwhile.

        Args:
            wanted: parts of files, by their paths from the root, that each item is known to want.
        """
        full = [[part._replace(path=self._full(part.path)) for part in own] for own in wanted]
        for held in read_ahead(self._ranges, full):
            yield AheadReader(held, self._full)

    def shared(self, processes: int) -> ReleaseFiles:
        """The same release for one of some processes that read at once: with its share of the requests."""
        other = copy.copy(self)
        other._reader = None
        other.access = self.access.shared(processes)
        return other

    @property
    def _ranges(self) -> RangeReader:
        # Connections do not survive a fork.
        if self._reader is None or self._reader_pid != os.getpid():
            self._reader, self._reader_pid = range_reader(self._fs, self.access.settings), os.getpid()
        return self._reader

    def _pin_commit(self) -> None:
        """From now on everything is of the commit that the revision stands for now.

        Raises:
            ReleaseError: the hub has no such repository or revision, or shows it to others.
        """
        try:
            self._base, self.commit = self._ask(self.root, partial(pin_commit, self._fs, self._base))
        except (FileNotFoundError, ValueError, NotImplementedError) as error:
            raise ReleaseError(
                "The hub has no such repository or revision, or does not show it to you",
                where=f"release_root={self.root}",
                got=str(error).partition("\n")[0],
                allowed="hf://datasets/OWNER/NAME, with @ and a branch, tag or commit where another than main is meant",
                todo="see how it is written; for a private or gated one: hf auth login, and accept its terms in a browser",
            ) from error

    def _listed(self, full: str) -> list[dict[str, Any]]:
        return cast(list[dict[str, Any]], self._ask(full, partial(self._fs.ls, full, detail=True)))

    def _ask(self, address: str, ask: Callable[[], ResultT]) -> ResultT:
        """What the file system gives, asked again as often as the settings say where that may help.

        Raises:
            ServerError: it is behind a server that cannot be reached, or does not give it.
        """
        try:
            return ask_patiently(ask, pauses_of(self.access.settings.retries))
        except Exception as error:
            if told := server_error(address, error):
                raise told from error
            raise

    def _is_here(self, path: str) -> bool:
        return self._is_local or path.startswith(f"{CONVERTED}/")

    def _full(self, path: str) -> str:
        if self.access.converted and path.startswith(f"{CONVERTED}/"):
            return _join(self.access.converted, path.removeprefix(f"{CONVERTED}/"))
        return _join(self._base, path)

    def _what_is_no_folder(self) -> str:
        if self._is_local and (reason := refusal(self._base, self._link_folders)):
            return f"what {reason}"
        return "a file" if self._fs.exists(self._base) else "nothing there"

    def _scan(self, folder: str, refused: list[tuple[str, str]]) -> Iterator[SourceFile]:
        """The files of a local folder, as the system gives them: several times as fast as fsspec on a million files.

        Links that are not followed are added to ``refused``, with the reason.
        """
        full = self._full(folder)
        is_converted = f"{folder}/".startswith(f"{CONVERTED}/")
        if not is_converted and (reason := refusal(full, self._link_folders)):
            refused.append((folder, reason))
            return
        try:
            with os.scandir(full) as entries:
                for entry in entries:
                    reason = refusal(entry.path, self._link_folders) if entry.is_symlink() else None
                    if reason:
                        refused.append((_join(folder, entry.name), reason))
                    elif entry.is_file():
                        status = entry.stat()
                        yield SourceFile(_join(folder, entry.name), status.st_size, str(status.st_mtime_ns))
        except (FileNotFoundError, NotADirectoryError):
            return

    def _check_link(self, path: str) -> None:
        """Raises where a file became a link that is not followed, after it was listed."""
        full = self._full(path)
        if os.path.islink(full) and (reason := refusal(full, self._link_folders)):  # noqa: PTH114 -- a million paths
            raise PermissionError(errno.EPERM, f"{path} {reason}", full)

    def _tell_links(self, folder: str) -> None:
        new = [link for link in self._refused[folder] if link[0] not in self._told_links]
        self._told_links.update(path for path, _ in new)
        if new:
            (path, reason), *others = new
            further = f"; nor are {len(others):,} more there" if others else ""
            logger.warning(
                "%s %s: it is not followed%s", storable(path) or self.root, storable(reason), further
            )


def _content_version(content: str) -> str:
    return f"content:{content}"


@dataclass(frozen=True)
class _LocalReader:
    handle: int

    def read_at(self, offset: int, length: int) -> bytes:
        return os.pread(self.handle, length, offset)


_VERSION_KEYS = ("mtime", "ETag", "etag", "LastModified", "Last-Modified", "last_modified", "created")
_HUB_KEYS = ("blob_id", "xet_hash")  # of the content, whatever the commit


def _from_info(path: str, info: dict[str, object]) -> SourceFile:
    modified = next((info[key] for key in (*_VERSION_KEYS, *_HUB_KEYS) if info.get(key) is not None), "")
    if isinstance(modified, datetime):
        modified = modified.isoformat()
    return SourceFile(path, _known_size(path, info.get("size")), str(modified))


def _known_size(path: str, size: object) -> int:
    if isinstance(size, int):
        return size
    raise ReleaseError(
        "The server does not tell how long a file is",
        where=path,
        got=f"size {size}",
        allowed="a length in bytes",
        todo="use a server that sends Content-Length, or copy the release to a local folder",
    )


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and name else folder or name
