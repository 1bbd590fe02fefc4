"""Which tables and themes a release has sources of, and whether those that earlier tables were made of are still there.

A root that is off by one folder holds nothing that the layout knows. Each table is then empty, and so is the variant:
so the sources are looked for before any table is written, and what was probably meant is said.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import polars as pl

from sparkle_curation.errors import EmptyOutputError, ReleaseError
from sparkle_curation.ingest.conservation import expected_sources
from sparkle_curation.ingest.file_starts import PACKED_SUFFIXES
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import RemoteAccess
from sparkle_curation.ingest.shapes.records import table_sources
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import (
    BASE_FOLDERS,
    PROMPTS_FOLDER,
    parse_shard_path,
)
from sparkle_curation.spec.shape.description import Shape
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.themes import THEMES, in_order

ON_PURPOSE = "if that is what shall be: --params allow_empty=true"

_MAX_DEPTH = 4  # a hub's cache has its release three folders below: {repository}/snapshots/{commit}
_MAX_FOLDERS = 500
_MAX_PARENTS = 4
_LISTED = 3
_OWN_FOLDERS = frozenset({PROMPTS_FOLDER, *BASE_FOLDERS, *THEMES})
"""Folders of a release: no other release lies in them, and listing them may take long."""


NO_SOURCES = pl.DataFrame(
    schema={"table": pl.String, "theme": pl.String, "path": pl.String, "record_count": pl.Int64}
)
"""The sources of no table."""


class Part(NamedTuple):
    """What one theme has of one table."""

    table: str
    theme: str


def sources_at_hand(files: ReleaseFiles) -> set[Part]:
    """The parts that the release has a source of; nothing is read, and no folder is listed twice."""
    if shape := dataset().shape:
        return _of_shape(files, shape)
    shards = (
        parse_shard_path(file.path) for folder in ("", *BASE_FOLDERS) for file in files.files_in(folder)
    )
    found = {Part("assets", shard.theme) for shard in shards if shard}
    expected = expected_sources()
    texts = expected.filter(pl.col("table") != "assets").rows()
    folders = sorted((path.rpartition("/")[0], path, Part(table, theme)) for table, theme, path in texts)
    for folder, sources in groupby(folders, key=itemgetter(0)):
        there = {file.path for file in files.files_in(folder)}
        found |= {part for _, path, part in sources if path in there}
    for theme, path in expected.filter(pl.col("table") == "assets").select("theme", "path").rows():
        if Part("assets", theme) not in found and files.has_files(path):
            found.add(Part("assets", theme))
    return found


def _of_shape(files: ReleaseFiles, shape: Shape) -> set[Part]:
    found = set()
    for theme in THEMES:
        if table_sources(files, shape.tables, theme):
            found |= {Part("annotations", theme), Part("assets", theme)}
        for stage in STAGES:
            if table_sources(files, shape.scores_of(stage.name), theme):
                found.add(Part(stage.table, theme))
    return found


class Packed(NamedTuple):
    """A source that is not there, its packed file that is, and the command that unpacks it."""

    path: str
    packed_path: str
    command: str

    def __str__(self) -> str:
        return f"{self.path} is absent, but {self.packed_path} is there: {self.command}"


def packed_sources(files: ReleaseFiles) -> list[Packed]:
    """The texts and shards that lie packed where they should lie as they are, by folder and name; none of them is read."""
    expected = expected_sources().filter(pl.col("table") != "assets")["path"].to_list()
    texts = set(expected)
    found = []
    for folder in sorted({"", *BASE_FOLDERS, *(path.rpartition("/")[0] for path in expected)}):
        there = {file.path for file in files.files_in(folder)}
        for packed in sorted(there):
            path, _, suffix = packed.rpartition(".")
            path = f"{path}.tar" if suffix == "tgz" else path
            command = PACKED_SUFFIXES.get(suffix)
            if command and path not in there and (path in texts or parse_shard_path(path)):
                found.append(Packed(path, packed, f"{command} {packed}"))
    return found


def check_release(files: ReleaseFiles, before: pl.DataFrame, *, allow_empty: bool) -> None:
    """Nothing, when the release has a source of each part that earlier tables have records of, or need not.

    Args:
        files: the release.
        before: the sources of the tables as they are now: ``table``, ``theme``, ``path``, ``record_count``. No rows
            where there are no tables yet.
        allow_empty: whether tables may be empty, and parts of them be gone.

    Raises:
        ReleaseError: nothing of a release is there.
        EmptyOutputError: a part has no source any more.
    """
    if allow_empty:
        return
    at_hand = sources_at_hand(files)
    if not at_hand:
        raise _nothing_found(files)
    used = before.filter(pl.col("record_count") > 0, pl.col("theme").is_not_null())
    there = pl.DataFrame(sorted(at_hand), schema={"table": pl.String, "theme": pl.String}, orient="row")
    lost = used.join(there, on=["table", "theme"], how="anti", maintain_order="left")
    if lost.height:
        raise _parts_lost(files, lost)


def find_releases(files: ReleaseFiles, wanted: Collection[Part] = ()) -> list[str]:
    """Roots above and below the release root that hold a release, those with most of it first; at most three.

    Each can be given as ``release_root`` as it stands. A few parents are looked at, and below the root a few hundred
    folders to a small depth: what was meant is a folder or two away.

    Args:
        files: the release at the root that was given.
        wanted: what a root must have a source of, all of it.
    """
    counted = []
    for root in (*files.parents(_MAX_PARENTS), *_folders_below(files)):
        at_hand = _try_root(root, files.access)
        if at_hand and at_hand.issuperset(wanted):
            counted.append((len(at_hand), root))
    counted.sort(key=lambda found: -found[0])
    return [root for _, root in counted[:_LISTED]]


def _folders_below(files: ReleaseFiles) -> Iterator[str]:
    """Roots of the folders below that may hold a release: level by level, by name."""
    level, seen = [""], 0
    for _ in range(_MAX_DEPTH):
        deeper = []
        for folder in level:
            for name in files.folders_in(folder):
                seen += 1
                if name in _OWN_FOLDERS or name.startswith("."):
                    continue
                if seen > _MAX_FOLDERS:
                    return
                path = f"{folder}/{name}" if folder else name
                deeper.append(path)
                yield f"{files.root.rstrip('/')}/{path}"
        level = deeper


def _try_root(root: str, access: RemoteAccess) -> set[Part]:
    """What a root has, nothing where it cannot be looked into. Most have none of the folders, and are listed once."""
    try:
        files = ReleaseFiles(root, access=access)
        if (
            dataset().shape is None
            and _OWN_FOLDERS.isdisjoint(files.folders_in())
            and not any(parse_shard_path(file.path) for file in files.files_in())
        ):
            return set()
        return sources_at_hand(files)
    except (OSError, ReleaseError):
        return set()


def _nothing_found(files: ReleaseFiles) -> ReleaseError:
    folders, names = files.folders_in(), [file.path for file in files.files_in()]
    entries = [*(f"{name}/" for name in folders), *names]
    shown = ", ".join(entries[:_LISTED]) + (", ..." if len(entries) > _LISTED else "")
    return ReleaseError(
        "The release root holds nothing of a release: all tables would be empty, and so the variant",
        where=f"release_root={files.root}",
        got=f"{len(folders)} folders and {len(names)} files there: {shown}" if entries else "an empty folder",
        allowed=f"a local folder or fsspec URL that holds {_what_it_holds()}",
        todo=_probably_meant(find_releases(files))
        or _unpack(files)
        or f"point to your download: --params release_root=/path/to/{dataset().title}; {ON_PURPOSE}",
    )


def _what_it_holds() -> str:
    if shape := dataset().shape:
        return f"{shape.tables.path}, as shape.tables in dataset.yml says"
    return ", ".join(f"{name}/" for name in (PROMPTS_FOLDER, "{theme}", *BASE_FOLDERS)) + " or a part of them"


def _parts_lost(files: ReleaseFiles, lost: pl.DataFrame) -> EmptyOutputError:
    parts = {Part(table, theme) for table, theme in lost.select("table", "theme").rows()}
    listed = [
        f"{table} of {', '.join(in_order(themes))} (was {path})"
        for table, themes, path in lost.group_by("table", maintain_order=True)
        .agg(pl.col("theme").unique(), pl.col("path").first())
        .rows()
    ]
    undescribed = in_order({part.theme for part in parts} - set(THEMES))
    meant = (
        f"describe {', '.join(undescribed)} in dataset.yml, where it is no theme any more"
        if undescribed
        else _probably_meant(find_releases(files, parts)) or _unpack(files)
    )
    return EmptyOutputError(
        "Tables would lose all rows of themes that the release has no source of any more",
        where=f"release_root={files.root}",
        got=f"nothing of {'; '.join(listed)}",
        allowed="a source of each table and theme that the tables in the data root have rows of",
        todo=f"{meant or 'give the release that has them'}; for another release take another data_root; {ON_PURPOSE}",
    )


def _unpack(files: ReleaseFiles) -> str | None:
    """What to do where sources lie packed beside their place; None where none does."""
    packed = packed_sources(files)
    further = f", and {len(packed) - _LISTED:,} more" if len(packed) > _LISTED else ""
    return "; ".join(map(str, packed[:_LISTED])) + further if packed else None


def _probably_meant(roots: list[str]) -> str | None:
    """What to do where a release was found elsewhere; None where none was."""
    if not roots:
        return None
    first = roots[0]
    # The command line cuts a value at its commas, whatever quotes are put around it.
    how = (
        f"release_root: {json.dumps(first)} in conf/local/globals.yml"
        if "," in first
        else f"--params {shlex.quote(f'release_root={first}')}"
    )
    return f"the release seems to be in {' or '.join(roots)}: {how}"
