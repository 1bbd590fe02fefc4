"""The folder that a release is brought to: its files under their own names, and beside them what is being brought.

A file gets its name when all its bytes are there and have the hash that the hub lists. Until then it lies in ``.download/``
under that hash, where the next run goes on; ``verified.jsonl`` there says which files were looked at.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import FileError, LockedError
from sparkle_curation.hub.client import HubFile
from sparkle_curation.hub.origin import ORIGIN, WORK, Origin, read_origin

logger = logging.getLogger(__name__)

_LOG = "verified.jsonl"
_BLOCK_BYTES = 4 << 20


class DownloadFolder:
    """The folder of one download.

    Args:
        root: the folder; need not be there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._verified: dict[str, tuple[int, int, str]] | None = None

    def target(self, file: HubFile) -> Path:
        """Where a file lies when it is whole.

        Raises:
            FileError: a link leads out of the folder there.
        """
        path = self.root / file.path
        if not path.parent.resolve().is_relative_to(self.root.resolve()):
            raise FileError(
                "A folder of the download is a link to elsewhere",
                where=path.parent,
                got=path.parent.resolve(),
                allowed="folders below the one of the download",
                todo="remove the link, or give another folder: --params download.folder=/path/to/folder",
            )
        return path

    def partial(self, file: HubFile) -> Path:
        """Where its first bytes lie; another content lies elsewhere."""
        return self.root / WORK / f"{file.content_hash.replace(':', '-')}.part"

    def partial_bytes(self, file: HubFile) -> int:
        """How many of its bytes lie there."""
        path = self.partial(file)
        return min(path.stat().st_size, file.size) if path.is_file() else 0

    def is_whole(self, file: HubFile) -> bool | None:
        """Whether a file is there with the bytes that the hub lists; None where only its size was looked at."""
        path = self.root / file.path
        if not path.is_file() or (facts := path.stat()).st_size != file.size:
            return False
        known = self._notes.get(file.path)
        if known is None or known[:2] != (facts.st_size, facts.st_mtime_ns):
            return None
        return known[2] == file.content_hash

    def note(self, file: HubFile) -> None:
        """Note that a file is whole."""
        facts = (self.root / file.path).stat()
        row = (facts.st_size, facts.st_mtime_ns, file.content_hash)
        self._notes[file.path] = row
        line = json.dumps([file.path, *row], ensure_ascii=True)
        handle = os.open(self.root / WORK / _LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(handle, f"{line}\n".encode())
        finally:
            os.close(handle)

    def write_origin(self, origin: Origin) -> None:
        """Say in the folder where its files are from; a commit of before that others of its files may have is told."""
        known = read_origin(str(self.root))
        if known not in (None, origin):
            logger.warning(
                "download: files that an earlier run brought from %s at %s and this one did not ask for stay as they are",
                *known,
            )
        with atomic_file(self.root / WORK / ORIGIN) as temporary:
            temporary.write_text(f"{json.dumps(origin._asdict())}\n", encoding="utf-8")

    @contextmanager
    def opened(self, run: str) -> Iterator[None]:
        """The folder made, and for one run alone.

        Raises:
            LockedError: another run fills it.
        """
        (self.root / WORK).mkdir(parents=True, exist_ok=True)
        locks = RunLocks(self.root / WORK / "locks", run)
        try:
            locks.take([Claim("download", is_writing=True)])
        except LockedError as error:
            raise LockedError(
                "Another run fills this folder",
                where=self.root,
                got=error.got,
                todo="wait until it has ended",
            ) from None
        try:
            yield
        finally:
            locks.release()

    @property
    def _notes(self) -> dict[str, tuple[int, int, str]]:
        if self._verified is None:
            self._verified = {}
            path = self.root / WORK / _LOG
            for line in path.read_bytes().splitlines() if path.is_file() else []:
                try:
                    name, size, modified, content = read_json(line)
                except (ValueError, TypeError):  # half a line, of a run that was killed
                    continue
                self._verified[name] = (size, modified, content)
        return self._verified


def has_content(path: Path, file: HubFile, progress: Callable[[int], None] = lambda _count: None) -> bool:
    """Whether the bytes of a local file are those that the hub lists.

    Args:
        path: of the local file.
        file: as the hub lists it.
        progress: told how many more bytes were read.
    """
    size = path.stat().st_size
    if size != file.size:
        return False
    # Git's name of a content is the SHA-1 of its length and bytes: of what, not of who.
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            progress(len(block))
    return digest.hexdigest() == (file.sha256 or file.blob_id)
