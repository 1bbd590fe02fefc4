"""The folder that media are extracted to: what lies there, what a run has in hand, and how a file gets its name."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import FileError, LockedError
from sparkle_curation.extraction import manifest
from sparkle_curation.extraction.paths import MANIFEST, WORK

THERE_SCHEMA = {
    "path": pl.String,
    "is_file": pl.Boolean,
    "there_size": pl.Int64,
    "there_modified_ns": pl.Int64,
}
_LOG = "log.jsonl"


class WorkFolder:
    """The folder while one share of the work is done in it; safe to share between threads.

    Args:
        folder: where media go.
        part: the name of the share's part of the manifest.
    """

    def __init__(self, folder: Path, part: str) -> None:
        self.folder, self.part = folder, part
        self._staging = folder / WORK / part
        self._log = self._staging / _LOG
        self._lock, self._sound_folders = threading.Lock(), {folder}
        self._count = 0

    def recover(self) -> None:
        """Take over what a killed run has noted, and remove what it had in hand."""
        check_folder(self._staging)
        for left in self._staging.glob("*.tmp"):  # first, since the disk may be full
            left.unlink()
        noted = manifest.read_log(self._log)
        if noted.height:
            rows = pl.concat([manifest.read_part(self.folder, self.part), noted])
            manifest.write_part(self.folder, self.part, rows)
        if self._staging.is_dir():
            shutil.rmtree(self._staging)

    def begin(self) -> None:
        """Make the place for what is in hand."""
        self.sound_folder(self._staging)

    def note(self) -> None:
        """The log becomes a part of the manifest."""
        self.recover()
        self.begin()

    def new_file(self) -> Path:
        """A path for a file that is being written, on the file system of the folder."""
        with self._lock:
            self._count += 1
            return self._staging / f"{self._count}.tmp"

    def publish(self, staged: Iterable[tuple[Path | None, dict[str, object]]]) -> None:
        """Note files in the log, and then give each its final name.

        Args:
            staged: the file, or None for one that has its final name; and its row of the manifest.

        Raises:
            FileError: a link or a file stands where a folder should be.
            OSError: a name cannot be given.
        """
        staged = list(staged)
        targets = [self.folder / str(row["path"]) for _, row in staged]
        with self._lock:
            for target in targets:
                self.sound_folder(target.parent)
            manifest.append_log(self._log, (row for _, row in staged))
            for (file, _), target in zip(staged, targets, strict=True):
                if file is not None:
                    os.replace(file, target)  # noqa: PTH105 -- another name for what is there: nothing is written into

    def sound_folder(self, path: Path) -> None:
        """Make a folder below this one, and look that none on the way is a link.

        Raises:
            FileError: one is.
        """
        for each in (*reversed(path.parents), path):
            if each in self._sound_folders or not each.is_relative_to(self.folder):
                continue
            check_folder(each)
            each.mkdir(exist_ok=True)
            self._sound_folders.add(each)


def check_folder(path: Path) -> None:
    """Nothing, where a folder is none of the links that lead elsewhere.

    Raises:
        FileError: it is a link: what is written to it would land elsewhere.
    """
    if path.is_symlink():
        raise FileError(
            "A folder of the extracted media is a link",
            where=path,
            got=f"a link to {os.readlink(path)}",  # noqa: PTH115 -- as it stands
            allowed="a folder; the folder of all (extract.folder) may be a link, none below it",
            todo="move the link away, or give another folder: --params extract.folder=/path/to/folder",
        )


@contextmanager
def opened(folder: Path, part: str, run: str) -> Iterator[WorkFolder]:
    """The folder with one share locked for this run, and what killed runs left taken over; the manifest is whole afterwards.

    Raises:
        LockedError: another run does this share.
        FileError: the folder cannot be made, or a link stands in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (WORK, MANIFEST):
        check_folder(folder / name)
    (folder / WORK).mkdir(exist_ok=True)
    locks = RunLocks(folder / WORK, run)
    try:
        locks.take([Claim(part, is_writing=True)])
    except LockedError as error:
        raise LockedError(
            "Another run extracts the same share into the same folder",
            where=folder,
            got=error.got,
            todo="wait until it has ended; or take another share, --params extract.shard=2/4, or another folder, --params "
            "extract.folder=/path/to/folder. A lock ends with its process: there is nothing to remove",
        ) from None
    try:
        work = WorkFolder(folder, part)
        work.recover()
        for other in other_parts(folder, part):
            with idle(folder, other, run) as is_idle:
                if is_idle:
                    WorkFolder(folder, other).recover()
        work.begin()
        try:
            yield work
        finally:
            work.recover()
    finally:
        locks.release()


def other_parts(folder: Path, part: str) -> list[str]:
    """The shares, other than one, that runs have begun and not ended."""
    with os.scandir(folder / WORK) as entries:
        return sorted(
            entry.name for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name != part
        )


@contextmanager
def idle(folder: Path, part: str, run: str) -> Iterator[bool]:
    """Whether no run does a share; while this lasts, none begins to."""
    locks = RunLocks(folder / WORK, run)
    try:
        locks.take([Claim(part, is_writing=True)])
    except LockedError:
        yield False
        return
    try:
        yield True
    finally:
        locks.release()


def look(folder: Path, paths: pl.Series) -> pl.DataFrame:
    """What lies under the paths below a folder, as ``THERE_SCHEMA``: one row per path that anything lies at.

    Each folder is listed once. A folder that is a link, or a file, is refused: nothing below it is looked at.

    Raises:
        FileError: a folder on the way to a file is a link.
    """
    names: dict[str, set[str]] = {}
    for path in paths:
        parent, _, name = path.rpartition("/")
        names.setdefault(parent, set()).add(name)
    rows = []
    for parent, wanted in names.items():
        place = folder / parent
        for each in (*reversed(Path(parent).parents), Path(parent)):
            check_folder(folder / each) if each.parts else None
        if not place.is_dir():
            continue
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name in wanted:
                    facts = entry.stat(follow_symlinks=False)
                    path = f"{parent}/{entry.name}" if parent else entry.name
                    rows.append((path, stat.S_ISREG(facts.st_mode), facts.st_size, facts.st_mtime_ns))
    return pl.DataFrame(rows, schema=THERE_SCHEMA, orient="row")
