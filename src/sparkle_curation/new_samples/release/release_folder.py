"""A new release as a folder: file by file in a place beside it, then all of it at once.

A run that is killed, or finds the disk full, leaves the release of before as it was, and what was finished beside it; the
next run takes that up. Tars that did not change are linked, not written again. The same media give the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from sparkle_curation.engine.io.atomic import atomic_file, atomic_folder, link_or_copy
from sparkle_curation.engine.io.disk import telling_full_disk
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.errors import DiskError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.new_samples.release.packing import BLOCK_BYTES, Member, PackedFile

_PIECE_BYTES = 1 << 20
_MTIME = 1_767_225_600
"""1 January 2026, 00:00 UTC, for every member: a time of writing would change the bytes."""
_KEYS = ".{name}.keys.json"
_WORK = ".{name}.work"


def write_release(
    target: Path, files: Sequence[PackedFile], texts: Mapping[str, bytes], store: AssetStore
) -> None:
    """Replace a folder by a release of these files and texts.

    Args:
        target: the folder; what else lies in it is gone afterwards.
        files: the media.
        texts: path -> content.
        store: opens the media.

    Raises:
        AssetError: a medium is not there any more, or another one.
        DiskError: there is not enough space; nothing of the folder changed.
    """
    work, noted = (
        target.with_name(_WORK.format(name=target.name)),
        target.with_name(_KEYS.format(name=target.name)),
    )
    with telling_full_disk(target):
        work.mkdir(parents=True, exist_ok=True)
        known, done = _read_keys(noted), _read_keys(work / "keys.json")
        _check_room(
            work, [each for each in files if each.key not in {known.get(each.path), done.get(each.path)}]
        )
        with item_progress("files of the release", len(files)) as tell:
            for number, each in enumerate(files, 1):
                _bring(each, work, target, known, done, store)
                tell(number, 0)
        with atomic_folder(target) as temporary:
            for each in files:
                path = temporary / each.path
                path.parent.mkdir(parents=True, exist_ok=True)
                link_or_copy(work / each.path, path)
            for name, content in texts.items():
                path = temporary / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        with atomic_file(noted) as temporary:
            temporary.write_text(json.dumps({each.path: each.key for each in files}), encoding="utf-8")
        shutil.rmtree(work)


def write_tar(target: Path, members: Sequence[Member], store: AssetStore) -> None:
    """A tar of media, under its final name once it is whole.

    Owners, modes and times are the same for all, so that equal media give equal bytes.
    """
    with atomic_file(target) as temporary, temporary.open("wb") as tar:
        for each in members:
            header = tarfile.TarInfo(each.name_in_tar)
            header.size, header.mtime = each.size, _MTIME
            tar.write(header.tobuf(tarfile.USTAR_FORMAT))
            _copy(each, store, tar)
            tar.write(bytes(-each.size % BLOCK_BYTES))
        tar.write(bytes(2 * BLOCK_BYTES))


def _bring(
    file: PackedFile,
    work: Path,
    target: Path,
    known: Mapping[str, str],
    done: dict[str, str],
    store: AssetStore,
) -> None:
    """One file to the place of work: it is there, or linked from the release of before, or written."""
    path = work / file.path
    if done.get(file.path) == file.key and path.is_file() and path.stat().st_size == file.size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    before = target / file.path
    if known.get(file.path) == file.key and before.is_file() and before.stat().st_size == file.size:
        path.unlink(missing_ok=True)
        link_or_copy(before, path)
    elif file.is_tar:
        write_tar(path, file.members, store)
    else:
        with atomic_file(path) as temporary, temporary.open("wb") as loose:
            _copy(file.members[0], store, loose)
    done[file.path] = file.key
    with atomic_file(work / "keys.json") as temporary:
        temporary.write_text(json.dumps(done), encoding="utf-8")


def _copy(member: Member, store: AssetStore, target: BinaryIO) -> None:
    with store.open(store.find(member.id, member.kind)) as source:
        shutil.copyfileobj(source, target, _PIECE_BYTES)


def _read_keys(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _check_room(work: Path, files: Sequence[PackedFile]) -> None:
    """Nothing, when what is to be written has room.

    Raises:
        DiskError: it has not.
    """
    wanted, free = sum(each.size for each in files), shutil.disk_usage(work).free
    if wanted > free:
        raise DiskError(
            "There is not enough space for the release",
            where=os.fspath(work.parent),
            got=f"{free:,} bytes free",
            allowed=f"{wanted:,} bytes, of {len(files):,} files that are to be written",
            todo="free some space and run again: what is there stays as it is",
        )
