"""Locks between runs: one writer, or any number of readers, of what goes by a name.

The kernel keeps them and frees them when a process ends, however it ends: no lock is left over that a person would have to
remove. What stands in the file is for people alone.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sparkle_curation.engine.io.atomic import is_running
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.errors import LockedError

logger = logging.getLogger(__name__)

_TRIES = 10
_PAUSE_S = 0.05
"""Another run that ends, or looks whether it is the last reader, holds a lock for a moment."""
HELD = frozenset({errno.EWOULDBLOCK, errno.EACCES})
"""What the system says where somebody else has a lock; anything else where there are none."""


@dataclass(frozen=True)
class Claim:
    """What a run needs for itself.

    Attributes:
        name: of the pipeline whose outputs it is about.
        is_writing: whether it makes them, so that nobody else may make or read them meanwhile.
    """

    name: str
    is_writing: bool


class RunLocks:
    """The locks of one run.

    Args:
        folder: where the files of the locks are; made when it is needed, and removed when nothing is locked any more.
        run: what others are told who want the same, such as ``curate``.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self._folder, self._run = folder, run
        self._held: list[tuple[Path, BinaryIO]] = []
        self._made: list[Path] = []

    def take(self, claims: Iterable[Claim]) -> None:
        """Take all of them, in the order of their names, or none.

        On a file system that has no such locks, or cannot be written to, the log says so and the run goes on.

        Raises:
            LockedError: another run has one of them.
        """
        try:
            for claim in sorted(claims, key=lambda claim: claim.name):
                self._take(claim)
        except OSError as error:
            logger.warning(
                "%s: cannot be locked (%s), so another run on the same data_root at the same time would not be noticed",
                self._folder,
                error.strerror or error,
            )
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give all back; the files of those that nobody else has go."""
        while self._held:
            path, file = self._held.pop()
            # A reader that is not the last one leaves the file. What is unlocked here may be lost: it is given back anyway.
            with file, suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        while self._made:
            with suppress(OSError):  # what a run has made lies there, or another run has locks
                self._made.pop().rmdir()

    def _take(self, claim: Claim) -> None:
        path = self._folder / f"{claim.name}.lock"
        operation = fcntl.LOCK_EX if claim.is_writing else fcntl.LOCK_SH
        for left in reversed(range(_TRIES)):
            with suppress(
                FileNotFoundError
            ):  # another run ends, and removes file and folder as they are looked at
                self._make_folder()
                file = path.open("a+b")
                try:
                    fcntl.flock(file, operation | fcntl.LOCK_NB)
                    if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                        self._held.append((path, file))
                        self._sign(file, claim)
                        return
                except OSError as error:
                    if error.errno in HELD and not left:
                        raise _locked(claim, path, list(_holders(file))) from None
                    if error.errno not in HELD:
                        raise
                finally:
                    if all(file is not held for _, held in self._held):
                        file.close()
            time.sleep(_PAUSE_S)
        raise _locked(claim, path, [])

    def _make_folder(self) -> None:
        missing = [path for path in (self._folder, *self._folder.parents) if not path.exists()]
        for path in reversed(missing):
            with suppress(FileExistsError):
                path.mkdir()
                self._made.append(path)
        if self._folder not in self._made:
            self._made.append(self._folder)

    def _sign(self, file: BinaryIO, claim: Claim) -> None:
        """Write down who has it, after other readers; a full disk does not matter."""
        holder = {
            "run": self._run,
            "is_writing": claim.is_writing,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with suppress(OSError):
            if claim.is_writing:
                file.truncate(0)
            os.write(file.fileno(), f"{json.dumps(holder)}\n".encode())


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Alone among the writers of a file of the folder: the folder is locked, so no file is left over beside it in git."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _holders(file: BinaryIO) -> Iterator[str]:
    """Who has signed and is not known to have ended."""
    file.seek(0)
    for line in file.read().decode(errors="replace").splitlines():
        try:
            holder = read_json(line)
            run, host, pid, since = (holder[name] for name in ("run", "host", "pid", "since"))
            if host == socket.gethostname() and not is_running(int(pid)):
                continue
        except (ValueError, LookupError, TypeError):  # half a line, of a disk that was full
            continue
        yield f"{run} on {host}, process {pid}, since {since}"


def _locked(claim: Claim, path: Path, holders: list[str]) -> LockedError:
    what = "writes or reads what this run writes" if claim.is_writing else "writes what this run reads"
    return LockedError(
        f"Another run {what}, the outputs of '{claim.name}'",
        where=path.parent.parent,
        got="; ".join(holders) or "a run that did not say who it is",
        todo="wait until it has ended, or give this run another data_root. A lock ends with its process: there is nothing "
        "to remove",
    )
