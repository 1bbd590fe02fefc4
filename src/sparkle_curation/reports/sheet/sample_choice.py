"""What a contact sheet shows: samples that are named, nearest a threshold or some of each theme, and pictures of each.

Apart from what draws it, so that parameters are checked fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import polars as pl
import xxhash

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ParameterError, did_you_mean
from sparkle_curation.spec.themes import THEMES


class PictureKind(StrEnum):
    """What a picture of a card shows."""

    SOURCE = "source"
    EDITED = "edited"
    EDITED_MIDDLE = "edited_middle"
    MASK = "mask"
    BOXES = "boxes"


def choose_named(verdicts: AnyFrame, ids: Sequence[str]) -> pl.DataFrame:
    """The verdicts of the named samples, in the order in which they are named; a name that is there twice counts once.

    Raises:
        ParameterError: a name is that of no sample; the first such one.
    """
    known = verdicts.lazy().filter(pl.col("id").is_in(list(ids))).collect()
    unknown = [name for name in ids if name not in set(known["id"])]
    if unknown:
        every = verdicts.lazy().select("id").collect().to_series().to_list()
        raise ParameterError(
            "There is no such sample",
            where="contact_sheet.ids",
            got=unknown[0],
            allowed=f"an id of the release, such as {every[0]}"
            if every
            else "nothing: the release has no sample",
            todo=did_you_mean(unknown[0], every),
        )
    named = pl.DataFrame({"id": list(dict.fromkeys(ids))}, schema={"id": pl.String})
    return named.join(known, on="id", how="left", maintain_order="left").select(known.columns)


def choose_nearest(verdicts: AnyFrame, stage: str, per_theme: int) -> pl.DataFrame:
    """The verdicts of each theme's samples whose score lies nearest to the threshold of a stage, by theme and score.

    Samples without a score there are not among them; of equally near ones those with the smaller id are.
    """
    distance = (pl.col(f"{stage}_score") - pl.col(f"{stage}_threshold")).abs()
    nearest = (
        verdicts.lazy()
        .filter(pl.col(f"{stage}_score").is_not_null())
        .sort(distance, "id")
        .filter(pl.int_range(pl.len()).over("theme") < per_theme)
    )
    return _by_theme(nearest, f"{stage}_score", "id")


def choose_by_theme(verdicts: AnyFrame, assets: AnyFrame, per_theme: int, seed: int) -> pl.DataFrame:
    """The verdicts of some samples of each theme, drawn by the seed, by theme and id.

    Where the available release has media of some samples only, those with more kinds of them are drawn first. A digest
    of seed and id decides, so the same samples are drawn whatever other samples there are.

    Args:
        verdicts: with ``id``, ``theme``.
        assets: with ``id``, ``kind``.
        per_theme: how many of each theme.
        seed: another one draws others.
    """
    kinds = assets.lazy().group_by("id").agg(pl.col("kind").n_unique().alias("kind_count"))
    drawn = (
        verdicts.lazy()
        .join(kinds, on="id", how="left", maintain_order="left")
        .with_columns(
            pl.col("kind_count").fill_null(0),
            pl.col("id")
            .map_elements(
                lambda name: xxhash.xxh3_64_hexdigest(f"{seed}\0{name}".encode()), return_dtype=pl.String
            )
            .alias("lot"),
        )
        .sort("kind_count", "lot", descending=[True, False])
        .filter(pl.int_range(pl.len()).over("theme") < per_theme)
        .drop("kind_count", "lot")
    )
    return _by_theme(drawn, "id")


def _by_theme(samples: pl.LazyFrame, *order: str) -> pl.DataFrame:
    columns = samples.collect_schema().names()
    return samples.sort(pl.col("theme").cast(pl.Enum(THEMES)), *order).select(columns).collect()
