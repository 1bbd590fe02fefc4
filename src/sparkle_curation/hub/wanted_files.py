"""Which files of a release on the hub are wanted: by theme and kind, or because a variant needs them. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import EmptyOutputError, StaleTableError
from sparkle_curation.hub.client import HubFile
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.spec.layout import (
    ASSET_KINDS,
    KIND,
    annotation_paths,
    parse_asset_path,
    parse_shard_path,
)
from sparkle_curation.spec.licences import PAIR_KINDS
from sparkle_curation.spec.tables.ingested import GROUNDING_TABLES, SCORE_TABLES
from sparkle_curation.spec.themes import THEMES

ANNOTATIONS, SCORES, GROUNDINGS = "annotations", "scores", "groundings"
TEXT_KINDS = (ANNOTATIONS, SCORES, GROUNDINGS)
"""What is text, and comes first."""
_STILL_SUFFIX = "png"

GROUPS: dict[str, tuple[str, ...]] = {
    "text": TEXT_KINDS,
    "videos": tuple(kind for kind in PAIR_KINDS if kind),
    "masks": tuple(filter(None, (KIND.mask,))),
    "stills": tuple(name for name, kind in ASSET_KINDS.items() if kind.suffix == _STILL_SUFFIX),
    "all": (*TEXT_KINDS, *ASSET_KINDS),
}
"""Words for several kinds; a kind of the description that is called so goes before."""

KINDS: tuple[str, ...] = (*TEXT_KINDS, *ASSET_KINDS, *(name for name in GROUPS if name not in ASSET_KINDS))
"""What may be asked for."""


class WantedFile(NamedTuple):
    """A file that is wanted, with what it is of the release."""

    file: HubFile
    theme: str
    kind: str

    @property
    def is_text(self) -> bool:
        """Whether it is one of those that come first."""
        return self.kind in TEXT_KINDS


def expand_kinds(words: Iterable[str]) -> list[str]:
    """The kinds that some words name, each once, texts first.

    >>> expand_kinds(["annotations", "scores"]) == ["annotations", "scores"]
    True
    >>> set(expand_kinds(["text", "scores"])) == set(TEXT_KINDS)
    True
    """
    named = {
        kind
        for word in words
        for kind in (GROUPS[word] if word not in ASSET_KINDS and word in GROUPS else [word])
    }
    return [kind for kind in GROUPS["all"] if kind in named]


def sort_files(files: Iterable[HubFile]) -> list[WantedFile]:
    """Those of a repository's files that the layout knows, with theme and kind; texts first, by theme, kind and path."""
    texts = _text_paths()
    found = []
    for file in files:
        if file.path in texts:
            found.append(WantedFile(file, *texts[file.path]))
        elif name := parse_shard_path(file.path) or parse_asset_path(file.path):
            found.append(WantedFile(file, name.theme, name.kind))
    order = {kind: place for place, kind in enumerate(GROUPS["all"])}
    return sorted(
        found, key=lambda each: (not each.is_text, THEMES.index(each.theme), order[each.kind], each.file.path)
    )


def choose(
    files: Sequence[WantedFile],
    themes: Collection[str],
    kinds: Collection[str],
    needed: Collection[str] | None,
    curate: str,
) -> list[WantedFile]:
    """The files of some themes and kinds; of media only those whose paths are needed, where that is known.

    Args:
        files: of the repository.
        themes: of which.
        kinds: of which.
        needed: paths; None where all are.
        curate: the command that makes tables of this repository.

    Raises:
        StaleTableError: a needed file is not in the repository.
        EmptyOutputError: none is left.
    """
    if needed is not None:
        lacking = sorted(set(needed) - {each.file.path for each in files})
        if lacking:
            raise StaleTableError(
                "The hub does not have what the tables say that the variant needs",
                where="assets",
                got=f"{len(lacking):,} files that are not there, {lacking[0]} among them",
                allowed="tables that were ingested from this repository at this commit",
                todo="give the commit that was ingested (download.revision), or ingest the one of now: "
                f"{curate}",
            )
    chosen = [
        each
        for each in files
        if each.theme in themes
        and each.kind in kinds
        and (each.is_text or needed is None or each.file.path in needed)
    ]
    if not chosen:
        raise EmptyOutputError(
            "The repository has no such files",
            where="download",
            got=f"themes {', '.join(themes)}; kinds {', '.join(kinds)}",
            allowed=f"a part of {_held(files)}",
            todo="see what the repository has on its page, and choose by download.themes and download.kinds",
        )
    return chosen


def find_needed(sample_ids: pl.Series, assets: AnyFrame, kinds: Collection[str]) -> frozenset[str]:
    """The files that hold assets of some samples: shards, and loose files where an asset lies so too.

    Args:
        sample_ids: of the variant.
        assets: as ingested.
        kinds: of the assets.
    """
    wanted = assets.lazy().filter(
        pl.col("kind").is_in(list(kinds)), pl.col("id").is_in(sample_ids.unique().implode())
    )
    held = prefer_loose(wanted.select("id", "kind", "container", "path").collect())
    return frozenset(held.select(pl.coalesce("container", "path"))["container"])


def _text_paths() -> dict[str, tuple[str, str]]:
    """Path -> theme and kind of each text that the description knows."""
    records = {SCORES: SCORE_TABLES, GROUNDINGS: GROUNDING_TABLES}
    found: dict[str, tuple[str, str]] = {}
    for theme in THEMES:
        found |= dict.fromkeys(annotation_paths(theme), (theme, ANNOTATIONS))
        for kind, tables in records.items():
            found |= {table.path_of(theme): (theme, kind) for table in tables.values() if table.has_source}
    return found


def _held(files: Sequence[WantedFile]) -> str:
    themes, kinds = (dict.fromkeys(getattr(each, name) for each in files) for name in ("theme", "kind"))
    return (
        f"themes {', '.join(themes)}; kinds {', '.join(kinds)}"
        if files
        else "what the repository has: nothing of this dataset"
    )
