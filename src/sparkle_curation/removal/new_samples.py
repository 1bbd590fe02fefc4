"""New samples that were made from an excluded clip: no release names them, but the tables of ``clips`` do.

Where they lie in a folder of outputs they go with the samples of the release. Those tables are changed last of all, so that
a removal that was killed finds the new samples again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from sparkle_curation.removal.needles import Needles, parts_of
from sparkle_curation.removal.place import outputs_below
from sparkle_curation.spec.layout import ASSET_KINDS, KIND

_MAKING = ("new_samples.parquet", "new_clips.parquet")
"""Tables that say which clip became which sample."""
_TOLD = "new_instructions.parquet"
LAST = (*_MAKING, _TOLD)
"""Tables from which all that tells of new samples is known; they are changed last."""
_TEXTS = ("prompt", "original_scene")


def with_new_samples(needles: Needles, tables: Iterable[Path], clip_hashes: frozenset[str]) -> Needles:
    """The needles with ids, names of clips and prompts of new samples of the clips.

    Args:
        needles: of the clips' samples in the release.
        tables: Parquet files; those of other names are not read.
        clip_hashes: xxh3-128 of the clips' bytes.
    """
    found = list(tables)
    made = [row for path in found if path.name in _MAKING for row in _made(path, clip_hashes)]
    ids = frozenset(sample for sample, _ in made if sample)
    texts = {text for path in found if path.name == _TOLD for text in _own_texts(path, ids)}
    return replace(
        needles,
        ids=needles.ids | ids,
        names=needles.names | {clip for _, clip in made},
        texts=needles.texts | texts,
    )


def tables_of_new_samples(roots: Iterable[Path], raw: Iterable[Path]) -> list[Path]:
    """The tables of new samples below some folders of outputs."""
    names, skipped = set(LAST), list(raw)
    return [path for root in roots for path in outputs_below(root, skipped) if path.name in names]


def source_videos(roots: Iterable[Path], raw: Iterable[Path], ids: frozenset[str]) -> list[Path]:
    """The source videos of samples below some folders: cut from the clip, so their bytes are none of the release's."""
    names, skipped = {f"{each}.{ASSET_KINDS[KIND.source_video].suffix}" for each in ids}, list(raw)
    return [
        path
        for root in roots
        for path in outputs_below(root, skipped)
        if path.name in names and path.parent.name == KIND.source_video and path.is_file()
    ]


def _made(path: Path, clip_hashes: frozenset[str]) -> list[tuple[str | None, str]]:
    table = pl.scan_parquet(path)
    if not {"id", "clip", "clip_hash"} <= set(table.collect_schema().names()):
        return []
    return table.filter(pl.col("clip_hash").is_in(list(clip_hashes))).select("id", "clip").collect().rows()


def _own_texts(path: Path, ids: frozenset[str]) -> Iterator[str]:
    """Texts of the samples that no other of the table has."""
    rows = pl.read_parquet(path, columns=["id", *_TEXTS]).to_dicts() if ids else []
    others = "\n".join(row[name] for row in rows for name in _TEXTS if row["id"] not in ids and row[name])
    own = {row[name] for row in rows for name in _TEXTS if row["id"] in ids and row[name]}
    yield from (part for part in parts_of(own) if part not in others)
