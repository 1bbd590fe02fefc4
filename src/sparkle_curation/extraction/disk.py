"""Whether there is room for what a run would write, told before it writes anything."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from sparkle_curation.errors import DiskError
from sparkle_curation.extraction.plan import Action

_BLOCK_BYTES = 4096
_SPARE_BYTES = 16 << 20
"""For the manifest, the log and folders."""


def needed_bytes(copied: pl.DataFrame) -> int:
    """What files that are copied take of a disk, in whole blocks.

    >>> needed_bytes(pl.DataFrame({"size": [1, 4096, 5000], "action": ["bring", "keep", "bring"]}))
    12288
    """
    blocks = pl.col("size").filter(pl.col("action") == Action.BRING).cast(pl.Int64) // -_BLOCK_BYTES
    return -int(copied.select(blocks.sum()).item() or 0) * _BLOCK_BYTES


def check_room(folder: Path, copied: pl.DataFrame, held_bytes: int) -> None:
    """Nothing, where the files that are copied have room.

    Args:
        folder: where they go; it is there.
        copied: what is copied, with ``size`` and ``action``.
        held_bytes: what the share has in the folder already.

    Raises:
        DiskError: they have not, in bytes or in number.
    """
    needed = needed_bytes(copied)
    facts = os.statvfs(folder)
    free = facts.f_bavail * facts.f_frsize
    if needed + _SPARE_BYTES > free:
        budget = max(held_bytes + free - 2 * _SPARE_BYTES, 1)
        machines = -(-(held_bytes + needed) // budget)
        raise DiskError(
            "There is not enough room for the media",
            where=folder,
            got=f"{free:,} bytes free",
            allowed=f"{needed + _SPARE_BYTES:,} bytes or more, for {copied.height:,} files",
            todo=f"free {needed + _SPARE_BYTES - free:,} bytes; or give a folder on another disk: --params "
            f"extract.folder=/path/to/folder; or take whole samples until the disk is full: --params "
            f"extract.max_bytes={budget}; or share the work with other machines, each with a disk of its own: --params "
            f"extract.shard=1/{max(machines, 2)}",
        )
    # A file system without a limit says 0 of 0.
    if facts.f_files and copied.height > facts.f_favail:
        raise DiskError(
            "The file system has not enough room for so many files",
            where=folder,
            got=f"{facts.f_favail:,} more files (inodes)",
            allowed=f"{copied.height:,} or more",
            todo="remove small files there, or give a folder on another disk: --params extract.folder=/path/to/folder",
        )
