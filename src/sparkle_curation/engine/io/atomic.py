"""Writing so that nobody ever sees a half-written file: a temporary name, then a rename.

A process killed at any moment leaves the old file or the new one, and at most a temporary beside it, which
the next write to the same place removes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sparkle_curation.engine.io.disk import telling_full_disk

_TEMPORARY = ".{name}.{pid}.tmp"
_ASIDE = ".old"
_LEFT = re.compile(r"\.(?P<name>.+)\.(?P<pid>[0-9]+)\.tmp(?P<end>\..+)?")


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """A temporary path beside ``target``; when the block ends well it is flushed and renamed to ``target``.

    When the block raises, ``target`` stays as it was and the temporary is removed.

    Raises:
        DiskError: the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    temporary = target.with_name(_TEMPORARY.format(name=target.name, pid=os.getpid()))
    try:
        with telling_full_disk(target):
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

    Raises:
        DiskError: the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    temporary = target.with_name(_TEMPORARY.format(name=target.name, pid=os.getpid()))
    temporary.mkdir()
    try:
        with telling_full_disk(target):
            yield temporary
            for path in (*temporary.rglob("*"), temporary):
                _flush(path)
            _take_place(temporary, target)
            _flush(target.parent)
    finally:
        _remove(temporary)


def link_or_copy(source: Path, target: Path) -> None:
    """The same file under another name, or a copy of it, with its time, where the file system has no hard links."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)


def _sweep(target: Path) -> None:
    """Remove what earlier, killed writers of ``target`` left; a live writer's temporary is not touched."""
    for left in sorted(target.parent.iterdir()):
        match = _LEFT.fullmatch(left.name)
        if match is None or match["name"] != target.name or not _is_left(int(match["pid"])):
            continue
        if match["end"] == _ASIDE and not os.path.lexists(target):
            left.rename(target)  # its writer was killed between the two renames of `_take_place`
        else:
            _remove(left)


def is_leftover(path: Path, root: Path) -> bool:
    """Whether a file below a folder is a temporary of a killed writer, or lies in one."""
    found = map(_LEFT.fullmatch, path.relative_to(root).parts)
    return any(match is not None and _is_left(int(match["pid"])) for match in found)


def _is_left(pid: int) -> bool:
    """Whether the process that a temporary is named after is gone, or is this one."""
    return pid == os.getpid() or not is_running(pid)


def _remove(path: Path) -> None:
    """Remove a file, a link or a whole folder; nothing there is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def is_running(pid: int) -> bool:
    """Whether there is such a process on this machine, of whatever user."""
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
    if not os.path.lexists(target):
        new.rename(target)
    elif not _exchange(new, target):
        # No exchange here (not Linux, or a file system without it): between the two renames the target is
        # missing, never half there, and the next writer puts the old one back.
        aside = new.with_name(f"{new.name}{_ASIDE}")
        target.rename(aside)
        new.rename(target)
        _remove(aside)


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
    # EPERM: a container's system call filter that does not know renameat2.
    if code in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}:
        return False
    raise OSError(code, os.strerror(code), str(second))
