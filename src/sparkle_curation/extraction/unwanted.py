"""Files that were extracted and are wanted no more: counted, and removed where that is asked for."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sparkle_curation.extraction import manifest
from sparkle_curation.extraction.folder import idle, look
from sparkle_curation.extraction.plan import unwanted
from sparkle_curation.spec.tables.extraction import Method


def remove_unwanted(
    folder: Path, wanted: pl.DataFrame, own_part: str, run: str
) -> tuple[pl.DataFrame, list[str]]:
    """The rows of files that were removed, and the parts that were left alone since another run has them in hand.

    Only what a manifest of ours names is removed, where it was not there before us and is as we left it: of the same
    length and time. A linked file loses this name, and no other.

    Args:
        folder: the folder of the media.
        wanted: all that is wanted, of every share.
        own_part: the share that this run has for itself.
        run: what others are told who want a share meanwhile.
    """
    removed, busy = [], []
    for part in manifest.parts_of(folder):
        if part == own_part:
            removed.append(_remove_of(folder, part, wanted))
            continue
        with idle(folder, part, run) as is_idle:
            if is_idle:
                removed.append(_remove_of(folder, part, wanted))
            else:
                busy.append(part)
    return manifest.latest(pl.concat([pl.DataFrame(schema=manifest.SCHEMA), *removed])), busy


def _remove_of(folder: Path, part: str, wanted: pl.DataFrame) -> pl.DataFrame:
    """Remove what one part names; the rows of what is gone now."""
    rows = manifest.read_part(folder, part)
    old = unwanted(rows, wanted).filter(pl.col("method") != Method.FOUND)
    there = look(folder, old["path"])
    ours = old.join(
        there.filter("is_file"),
        left_on=["path", "size", "modified_ns"],
        right_on=["path", "there_size", "there_modified_ns"],
        how="semi",
    )
    gone = old.join(there, on="path", how="anti")
    for path in ours["path"]:
        (folder / path).unlink()
    for parent in sorted(
        {Path(path).parent for path in ours["path"]}, key=lambda each: len(each.parts), reverse=True
    ):
        _remove_empty(folder, parent)
    dropped = pl.concat([ours, gone])["path"].implode()
    if ours.height or gone.height:
        manifest.write_part(folder, part, rows.filter(~pl.col("path").is_in(dropped)))
    return ours


def _remove_empty(folder: Path, parent: Path) -> None:
    while parent.parts:
        try:
            (folder / parent).rmdir()
        except OSError:  # something is left in it
            return
        parent = parent.parent
