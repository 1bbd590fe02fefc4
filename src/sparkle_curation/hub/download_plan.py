"""What a download comes to, told before anything is brought: files, bytes, what is there already, room on the disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl

from sparkle_curation.errors import DiskError
from sparkle_curation.hub.client import HubRepository
from sparkle_curation.hub.download_folder import DownloadFolder
from sparkle_curation.hub.wanted_files import WantedFile

_SPARE_BYTES = 16 << 20
"""For the log and folders."""


class State(StrEnum):
    """What is there of a file before a download."""

    THERE = "there"
    UNCHECKED = "unchecked"
    """As long as it should be; its bytes are compared first, and brought where they differ."""
    PARTIAL = "partial"
    CHANGED = "changed"
    """Another file lies in its place, and is replaced."""
    ABSENT = "absent"


@dataclass(frozen=True)
class DownloadPlan:
    """What is to be brought, and from which commit.

    Attributes:
        repository: with the commit.
        folder: where to.
        files: what is wanted, in the order in which it comes.
        states: of each, with the bytes that are there.
        free_bytes: on the disk of the folder.
    """

    repository: HubRepository
    folder: Path
    files: Sequence[WantedFile]
    states: Sequence[tuple[State, int]]
    free_bytes: int

    @property
    def needed_bytes(self) -> int:
        """Bytes that are to be brought, if what was not looked at is what it should be."""
        return sum(each.file.size - there for each, (_, there) in zip(self.files, self.states, strict=True))

    def table(self) -> pl.DataFrame:
        """One row per file: ``path, theme, kind, size_bytes, state, there_bytes``."""
        rows = [
            (each.file.path, each.theme, each.kind, each.file.size, state.value, there)
            for each, (state, there) in zip(self.files, self.states, strict=True)
        ]
        schema = {
            "path": pl.String,
            "theme": pl.String,
            "kind": pl.String,
            "size_bytes": pl.Int64,
            "state": pl.String,
            "there_bytes": pl.Int64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def describe(self) -> str:
        """The plan in lines: where from and to, a line for each kind, sums, room."""
        kinds = (
            self.table()
            .group_by("kind", maintain_order=True)
            .agg(pl.len().alias("files"), pl.col("size_bytes").sum(), pl.col("there_bytes").sum())
        )
        lines = [
            "Download",
            f"  from             {self.repository.name} at {self.repository.commit}",
            f"  to               {self.folder}",
        ]
        for kind, files, size, there in kinds.iter_rows():
            lines.append(f"  {kind:<34} {files:>7,} files {size:>19,} bytes, {there:,} there")
        total = sum(each.file.size for each in self.files)
        return "\n".join(
            [
                *lines,
                f"  to do            {self.needed_bytes:,} of {total:,} bytes",
                f"  free             {self.free_bytes:,} bytes on the disk",
            ]
        )


def make_plan(repository: HubRepository, files: Sequence[WantedFile], folder: DownloadFolder) -> DownloadPlan:
    """The plan for some files and a folder; the folder is only looked at."""
    return DownloadPlan(
        repository, folder.root, files, [_state(each, folder) for each in files], free_bytes(folder.root)
    )


def check_room(plan: DownloadPlan) -> None:
    """Nothing, where what is to be brought has room.

    Raises:
        DiskError: it has not.
    """
    needed = plan.needed_bytes + _SPARE_BYTES
    # A file that is replaced lies beside the new one until that is whole.
    if plan.needed_bytes and needed > plan.free_bytes:
        raise DiskError(
            "There is not enough room for the download",
            where=plan.folder,
            got=f"{plan.free_bytes:,} bytes free",
            allowed=f"{needed:,} bytes or more",
            todo=f"free {needed - plan.free_bytes:,} bytes; or give a folder on another disk: --params "
            "download.folder=/path/to/folder; or take less: --params download.kinds=text, or "
            "--params download.needed_by_variant=true",
        )


def free_bytes(folder: Path) -> int:
    """Free bytes on the disk that a folder is or will be on."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())
    facts = os.statvfs(there)
    return facts.f_bavail * facts.f_frsize


def _state(each: WantedFile, folder: DownloadFolder) -> tuple[State, int]:
    is_whole = folder.is_whole(each.file)
    if is_whole is not False:
        return (State.THERE if is_whole else State.UNCHECKED), each.file.size
    if there := folder.partial_bytes(each.file):
        return State.PARTIAL, there
    is_other = os.path.lexists(folder.root / each.file.path)
    return (State.CHANGED if is_other else State.ABSENT), 0
