"""Bringing the files of a plan: texts first, several at once, each going on where a killed run left it, each verified.

`huggingface_hub` throws away what it has of a file when its process ends (a shard has 5 GB), so the partial file is ours,
and its own `http_get` goes on from there.
"""

from __future__ import annotations

import io
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from sparkle_curation.engine.executors.ordered_map import ordered_map
from sparkle_curation.engine.io.disk import telling_full_disk
from sparkle_curation.engine.progress import byte_progress
from sparkle_curation.errors import AssetError, FileError
from sparkle_curation.hub.client import Hub, HubFile
from sparkle_curation.hub.download_folder import DownloadFolder, has_content
from sparkle_curation.hub.download_plan import DownloadPlan
from sparkle_curation.hub.origin import WORK, Origin
from sparkle_curation.hub.wanted_files import WantedFile

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """How a file came to be there."""

    THERE = "there"
    BROUGHT = "brought"


def download(plan: DownloadPlan, hub: Hub, *, files_at_once: int, verify: bool) -> dict[str, Any]:
    """Bring what the plan wants; what was done, for the record: repository, commit, files and bytes.

    Args:
        plan: from ``make_plan``.
        hub: where it comes from.
        files_at_once: connections.
        verify: whether files that were verified before are read again.

    Raises:
        ServerError: the hub does not give a file; those before it are there.
        AssetError: some files are not what the hub lists; all others are there.
        FileError: something that is no file lies in a file's place.
        LockedError: another run fills the folder.
        DiskError: the disk is full.
    """
    folder = DownloadFolder(plan.folder)
    with folder.opened("download"):
        work = _Work(hub, plan, folder, verify=verify)
        texts = [each for each in plan.files if each.is_text]
        media = [each for each in plan.files if not each.is_text]
        with byte_progress("downloading", sum(each.file.size for each in plan.files)) as told:
            work.told = told
            outcomes = [*_each(work.bring, texts, files_at_once), *_each(work.bring, media, files_at_once)]
    _tell_wrong(work.wrong, plan)
    counts = Counter(outcomes)
    record = {
        "repository": plan.repository.name,
        "commit": plan.repository.commit,
        "endpoint": hub.endpoint,
        "folder": str(plan.folder),
        "file_count": len(plan.files),
        "brought_file_count": counts[Outcome.BROUGHT],
        "size_bytes": sum(each.file.size for each in plan.files),
        "received_bytes": work.received,
    }
    folder.write_origin(Origin(plan.repository.name, plan.repository.commit))
    logger.info(
        "download: %s files brought (%s bytes received), %s there already, all verified; commit %s of %s",
        f"{counts[Outcome.BROUGHT]:,}",
        f"{work.received:,}",
        f"{counts[Outcome.THERE]:,}",
        plan.repository.commit,
        plan.repository.name,
    )
    return record


def _each(
    bring: Callable[[WantedFile], Outcome | None], files: Sequence[WantedFile], threads: int
) -> list[Outcome]:
    return [outcome for outcome in ordered_map(bring, files, threads=threads) if outcome]


class _Work:
    """One download under way."""

    def __init__(self, hub: Hub, plan: DownloadPlan, folder: DownloadFolder, *, verify: bool) -> None:
        self.hub, self.plan, self.folder, self.verify = hub, plan, folder, verify
        self.wrong: list[str] = []
        self.received = 0
        self.told: Callable[[int], None] = lambda _done: None
        self._done = 0
        self._lock = threading.Lock()

    def bring(self, each: WantedFile) -> Outcome | None:
        """One file, or a note that the hub sends something else."""
        file, target = each.file, self.folder.target(each.file)
        if target.is_dir() or (target.is_symlink() and not target.exists()):
            raise FileError(
                "Something that is no file lies where a file shall be",
                where=target,
                got="a folder" if target.is_dir() else "a link to nothing",
                todo="move it away, or give another folder: --params download.folder=/path/to/folder",
            )
        is_whole = self.folder.is_whole(file)
        if is_whole and not self.verify:
            self._add(file.size)
            return Outcome.THERE
        if is_whole is not False and has_content(target, file):
            with self._lock:
                self.folder.note(file)
            self._add(file.size)
            return Outcome.THERE
        return self._fetch(file, target)

    def _fetch(self, file: HubFile, target: Path) -> Outcome | None:
        partial = self.folder.partial(file)
        with telling_full_disk(target):
            with partial.open("ab") as _:  # made where it is not there
                pass
            if partial.stat().st_size > file.size:
                partial.unlink()
                partial.touch()
            with partial.open("r+b") as stream:
                stream.seek(0, io.SEEK_END)
                self._add(stream.tell())
                if stream.tell() < file.size:
                    counted = _Counting(stream, self._receive)
                    self.hub.fetch(self.plan.repository.name, self.plan.repository.commit, file, counted)  # type: ignore[arg-type]
                stream.flush()
                os.fsync(stream.fileno())
            if not has_content(partial, file):
                partial.unlink()
                with self._lock:
                    self.wrong.append(file.path)
                return None
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(target)
        with self._lock:
            self.folder.note(file)
        return Outcome.BROUGHT

    def _receive(self, count: int) -> None:
        with self._lock:
            self.received += max(count, 0)
        self._add(count)

    def _add(self, count: int) -> None:
        with self._lock:
            self._done += count
            self.told(self._done)


class _Counting:
    """A file that says how many bytes are written to it: as much of a file as ``http_get`` uses."""

    def __init__(self, stream: io.BufferedRandom, told: Callable[[int], None]) -> None:
        self._stream, self._told = stream, told

    def write(self, data: bytes) -> int:
        written = self._stream.write(data)
        self._told(written)
        return written

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, place: int) -> int:
        self._told(place - self._stream.tell())  # the server sends it from its beginning
        return self._stream.seek(place)

    def truncate(self) -> int:
        return self._stream.truncate()


def _tell_wrong(wrong: Sequence[str], plan: DownloadPlan) -> None:
    if not wrong:
        return
    raise AssetError(
        f"{len(wrong):,} of {len(plan.files):,} files have other bytes than the hub lists; all others are there",
        where=plan.folder,
        got=f"other bytes for {', '.join(sorted(wrong)[:5])}",
        allowed=f"what {plan.repository.name} lists at {plan.repository.commit}",
        todo="run again: they are brought from their beginning; if it stays so, the hub or a proxy on the way has a fault, "
        f"or the disk has. What is not whole never got its name; {WORK} in the folder holds what is",
    )
