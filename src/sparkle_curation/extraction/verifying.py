"""Comparing a folder with its manifest, on whatever machine it lies now: nothing of the release is needed."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import polars as pl

from sparkle_curation.engine.executors.ordered_map import ordered_map
from sparkle_curation.errors import AssetError, MissingTableError
from sparkle_curation.extraction import manifest
from sparkle_curation.extraction.copying import hash_of
from sparkle_curation.extraction.folder import look
from sparkle_curation.extraction.paths import MANIFEST, WORK

logger = logging.getLogger(__name__)

_SHOWN = 5


class Verified(StrEnum):
    """How a file compares with the manifest."""

    WHOLE = "whole"
    SIZE_ONLY = "size_only"
    """As long as it should be; a link, of which no digest was taken."""
    MISSING = "missing"
    DIFFERENT = "different"
    EXTRA = "extra"


class _Check(NamedTuple):
    path: str
    size: int
    xxh3_128: str | None


def verify(folder: Path, threads: int, progress: Callable[[int], None]) -> pl.DataFrame:
    """One row per file that is named or there: ``path``, ``theme``, ``kind``, ``size``, ``outcome`` (``Verified``).

    Raises:
        MissingTableError: there is no manifest.
        FileError: the manifest names what lies outside of the folder, or a folder in it is a link.
    """
    rows = manifest.read_manifest(folder)
    if rows.is_empty() and not manifest.parts_of(folder):
        raise MissingTableError(
            "There is no manifest to compare a folder with",
            where=folder / MANIFEST,
            todo="extract first: kedro run --pipelines extract; or give the folder that was: --params "
            "extract.verify=true,extract.folder=/path/to/folder",
        )
    there = look(folder, rows["path"])
    sizes = dict(there.filter("is_file").select("path", "there_size").iter_rows())
    known = set(there["path"])

    def check(one: _Check) -> Verified:
        outcome = _compare(folder, one, sizes.get(one.path), is_there=one.path in known)
        progress(one.size)
        return outcome

    checks = [_Check(*row) for row in rows.select("path", "size", "xxh3_128").iter_rows()]
    outcomes = [str(each) for each in ordered_map(check, checks, threads=threads)]
    named = rows.select("path", "theme", "kind", "size", pl.Series("outcome", outcomes, pl.String))
    extra = [
        (path, None, None, size, Verified.EXTRA.value)
        for path, size in _extra_files(folder, set(rows["path"]))
    ]
    return pl.concat([named, pl.DataFrame(extra, schema=named.schema, orient="row")])


def _compare(folder: Path, one: _Check, size: int | None, *, is_there: bool) -> Verified:
    if not is_there:
        return Verified.MISSING
    if size != one.size:
        return Verified.DIFFERENT
    if one.xxh3_128 is None:
        return Verified.SIZE_ONLY
    try:
        found = hash_of(folder / one.path)
    except FileNotFoundError:
        return Verified.MISSING
    return Verified.WHOLE if found == one.xxh3_128 else Verified.DIFFERENT


def tell_verified(verified: pl.DataFrame, folder: Path) -> None:
    """Say in the log what was found.

    Raises:
        AssetError: files are missing or different.
    """
    count = {outcome: verified.filter(pl.col("outcome") == outcome)["path"] for outcome in Verified}
    if absent := manifest.absent_parts(manifest.parts_of(folder)):
        logger.warning(
            "extract: %s of the manifest %s not there: %s. Those machines have not ended, or their files lie elsewhere",
            f"{len(absent):,} part{'s' if len(absent) > 1 else ''}",
            "are" if len(absent) > 1 else "is",
            ", ".join(absent[:_SHOWN]),
        )
    unfinished = sorted(path.parent.name for path in (folder / WORK).glob("*/log.jsonl"))
    if unfinished:
        logger.warning(
            "extract: %s: a run has not ended; what it brought is not compared", ", ".join(unfinished)
        )
    if len(count[Verified.EXTRA]):
        logger.warning(
            "extract: %s files in %s that no manifest names, e.g. %s: they are left alone",
            f"{len(count[Verified.EXTRA]):,}",
            folder,
            count[Verified.EXTRA][0],
        )
    missing, different = count[Verified.MISSING], count[Verified.DIFFERENT]
    if len(missing) or len(different):
        raise AssetError(
            "The extracted media are not those that the manifest names",
            where=folder,
            got=f"{len(missing):,} missing{_examples(missing)}; {len(different):,} different{_examples(different)}",
            allowed=f"the {verified.height - len(count[Verified.EXTRA]):,} files of {MANIFEST}",
            todo="remove those that differ, and bring them again where the release is at hand: kedro run --pipelines "
            "extract; or copy them from the machine that has them",
        )
    logger.info(
        "extract: all %s files of the manifest are there, %s by their bytes, %s links by their length; %s",
        f"{verified.height - len(count[Verified.EXTRA]):,}",
        f"{len(count[Verified.WHOLE]):,}",
        f"{len(count[Verified.SIZE_ONLY]):,}",
        f"train with --dataset_base_path {folder}",
    )


def _examples(paths: pl.Series) -> str:
    return f" ({', '.join(paths.head(_SHOWN))}{', ...' if len(paths) > _SHOWN else ''})" if len(paths) else ""


def _extra_files(folder: Path, named: set[str]) -> Iterator[tuple[str, int]]:
    """What lies in the folder and is not named, links and all; what is ours there apart."""
    for place, folders, files in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name not in {MANIFEST, WORK}]
        for name in sorted([*files, *(each for each in folders if (Path(place) / each).is_symlink())]):
            path = (Path(place) / name).relative_to(folder).as_posix()
            if path not in named:
                yield path, (folder / path).lstat().st_size
