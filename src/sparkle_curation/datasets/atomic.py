"""Writing so that nobody ever sees a half-written file: a temporary name, then a rename.

A process killed at any moment leaves the old file or the new one, and at most a temporary beside it, which
the next write to the same place removes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TEMPORARY = ".{name}.{pid}.tmp"


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """A temporary path beside ``target``; when the block ends well it is flushed and renamed to ``target``.

    When the block raises, ``target`` stays as it was and the temporary is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    temporary = target.with_name(_TEMPORARY.format(name=target.name, pid=os.getpid()))
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, target)  # noqa: PTH105 -- the atomic rename is what this module is about
        _flush(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """A temporary folder beside ``target``; when the block ends well it takes the place of ``target`` whole.

    The files of a variant belong together, so they change together: the two folders are exchanged in one
    step where the system can (Linux), else the old one is moved aside first.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    temporary = target.with_name(_TEMPORARY.format(name=target.name, pid=os.getpid()))
    temporary.mkdir()
    try:
        yield temporary
        for path in temporary.rglob("*"):
            _flush(path)
        _take_place(temporary, target)
        _flush(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sweep(target: Path) -> None:
    """Remove what earlier, killed writers of ``target`` left; a live writer's temporary is not touched."""
    for left in target.parent.glob(_TEMPORARY.format(name=target.name, pid="*")):
        pid = left.name.rsplit(".", 2)[-2]
        if not pid.isdigit() or int(pid) == os.getpid() or not _is_running(int(pid)):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _take_place(new: Path, target: Path) -> None:
    if not target.exists():
        new.rename(target)
    elif not _exchange(new, target):
        # No exchange here (not Linux, or a file system without it): between the two renames the target is
        # missing, never half there.
        aside = new.with_name(f"{new.name}.old")
        target.rename(aside)
        new.rename(target)
        shutil.rmtree(aside)


def _exchange(first: Path, second: Path) -> bool:
    """Whether the two paths could be exchanged in one step (renameat2 with RENAME_EXCHANGE)."""
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    at_cwd, rename_exchange = -100, 2
    if renameat2(at_cwd, os.fsencode(first), at_cwd, os.fsencode(second), rename_exchange) == 0:
        return True
    code = ctypes.get_errno()
    if code in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        return False
    raise OSError(code, os.strerror(code), str(second))
