"""Two variants over the same source clips, so that trainings on them differ by the edits alone.

Ids and names of files say nothing across datasets, so clips are told by what their first frames show, by the rule of
``sample_groups``: what a chain of near frames joins is one clip.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import numpy as np
import polars as pl

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.engine.io.format_version import with_format_version
from sparkle_curation.errors import ConservationError, EmptyOutputError
from sparkle_curation.spec.layout import VAL
from sparkle_curation.spec.tables.linking import LINK_COLUMNS, LinkOutcome, Side
from sparkle_curation.spec.training_csv import write_training_csv
from sparkle_curation.variant.near_hashes import components
from sparkle_curation.variant.sample_groups import LikenessParams, hashes_of, near_pictures

RECORD_NAME = "link.json"


@dataclass(frozen=True)
class LinkedVariant:
    """A variant that is linked to another one.

    Attributes:
        dataset: name of its dataset; None where it has no record.
        version: of the variant, as its record says; None where it has none.
        samples: ``id``, ``prompt``, ``src_video``, ``tgt_video``, ``split``, and ``file``, the name of its CSV; each id
            once, in the order of the CSVs.
        hashes: ``id``, ``theme``, ``frame_hash``, ``fine_hash``, ``detail``; of each sample one row at most.
    """

    dataset: str | None
    version: str | None
    samples: pl.DataFrame
    hashes: pl.DataFrame


@dataclass(frozen=True)
class LinkRule:
    """What is linked, and how.

    Attributes:
        likeness: when two first frames are taken for one clip's.
        theme: of this dataset; None for all.
        other_theme: of the other one; None for all.
        equal_counts: whether both sides have equally many samples of a clip, the first in the order of their CSVs.
    """

    likeness: LikenessParams
    theme: str | None = None
    other_theme: str | None = None
    equal_counts: bool = True


def link(this: LinkedVariant, other: LinkedVariant, rule: LinkRule) -> pl.DataFrame:
    """The table (``LINK_COLUMNS``): one row per sample of either variant.

    A clip of which either side holds out a sample for validation is in neither: a training would have seen it.

    Raises:
        ConservationError: the hashes have a sample twice.
    """
    rows = pl.concat(
        [_rows(this, Side.THIS, rule.theme), _rows(other, Side.OTHER, rule.other_theme)]
    ).with_row_index("number")
    asked = rows.filter("is_asked")
    by_clip = ["clip"]
    clips = pl.Series("clip", components(asked.height, near_pictures(asked, rule.likeness)))
    asked = asked.with_columns(clips).with_columns(
        (pl.col("side").n_unique().over(by_clip) == len(Side)).alias("is_matched"),
        (pl.col("split") == VAL).any().over(by_clip).alias("is_held_out"),
    )
    asked = asked.with_columns(_place_on_side(), _smaller_count())
    too_many = (pl.col("place") >= pl.col("smaller")) & pl.lit(rule.equal_counts)
    outcome = (
        pl.when(pl.col("frame_hash").is_null())
        .then(pl.lit(LinkOutcome.NOT_HASHED.value))
        .when(pl.col("detail") < rule.likeness.min_detail)
        .then(pl.lit(LinkOutcome.FLAT.value))
        .when("is_held_out")
        .then(pl.lit(LinkOutcome.HELD_OUT.value))
        .when(~pl.col("is_matched"))
        .then(pl.lit(LinkOutcome.NO_MATCH.value))
        .when(too_many)
        .then(pl.lit(LinkOutcome.MORE_THAN_OTHER.value))
        .otherwise(pl.lit(LinkOutcome.LINKED.value))
    )
    matched = asked.filter("is_matched")
    of_this = matched.filter(pl.col("side") == Side.THIS.value)
    names = of_this.group_by("clip").agg(pl.col("id").min().alias("source"))
    found = (
        asked.select("number", "clip", outcome.alias("outcome"))
        .join(names, on="clip", how="left")
        .join(_nearest(matched, rule.likeness), on="number", how="left")
    )
    return (
        rows.join(found, on="number", how="left", maintain_order="left")
        .with_columns(pl.col("outcome").fill_null(LinkOutcome.THEME.value))
        .select(pl.col(name).cast(dtype) for name, dtype in frame_schema(LINK_COLUMNS).items())
    )


def _rows(variant: LinkedVariant, side: Side, theme: str | None) -> pl.DataFrame:
    hashes = variant.hashes.select("id", "theme", "frame_hash", "fine_hash", "detail")
    samples = variant.samples.select("id", "split")
    joined = samples.join(hashes, on="id", how="left", maintain_order="left")
    if joined.height != samples.height:
        raise ConservationError(
            "A sample has several hashes, so it would be linked twice",
            where=f"frame_hashes of {side.value}",
            got=f"{joined.height} rows of {samples.height} samples",
            allowed="one row per sample",
        )
    is_asked = pl.lit(value=True) if theme is None else pl.col("theme") == theme
    return joined.select(
        pl.lit(side.value).alias("side"),
        "id",
        pl.col("theme").fill_null(""),
        "split",
        "frame_hash",
        "fine_hash",
        pl.col("detail").cast(pl.Float64),
        is_asked.fill_null(value=False).alias("is_asked"),
    )


def _place_on_side() -> pl.Expr:
    """Which of its side's samples of the clip a row is, from 0."""
    return pl.int_range(pl.len()).over("clip", "side").alias("place")


def _smaller_count() -> pl.Expr:
    """How many samples of the clip the side has that has fewer."""
    of_this = (pl.col("side") == Side.THIS.value).sum().over("clip")
    of_other = (pl.col("side") == Side.OTHER.value).sum().over("clip")
    return pl.min_horizontal(of_this, of_other).alias("smaller")


def _nearest(matched: pl.DataFrame, likeness: LikenessParams) -> pl.DataFrame:
    """``number``, ``nearest_id``, ``distance``, ``fine_distance``: of each row the nearest of the other side in its clip.

    Rows of one clip with equal hashes are compared once, so thousands of equal ones are no millions of pairs.
    """
    same = ["clip", "side", "frame_hash", "fine_hash"]
    distinct = matched.group_by(same, maintain_order=True).agg(pl.col("id").min().alias("nearest_id"))
    distinct = distinct.with_row_index("place")
    pairs = distinct.select("clip", "side", "place").join(
        distinct.select("clip", "side", pl.col("place").alias("other")), on="clip"
    )
    pairs = pairs.filter(pl.col("side") != pl.col("side_right"))
    if pairs.is_empty():
        nothing = {
            "number": pl.UInt32,
            "nearest_id": pl.String,
            "distance": pl.Int64,
            "fine_distance": pl.Int64,
        }
        return pl.DataFrame(schema=nothing)
    lefts, rights = pairs["place"].to_numpy(), pairs["other"].to_numpy()
    distances = {
        name: sum(np.bitwise_count(words[lefts] ^ words[rights]).astype(np.int64) for words in hashes.words)
        for name, hashes in zip(("distance", "fine_distance"), hashes_of(distinct, likeness), strict=True)
    }
    nearest = (
        pairs.select("place", "other")
        .with_columns(**{name: pl.Series(values) for name, values in distances.items()})
        .join(distinct.select(pl.col("place").alias("other"), "nearest_id"), on="other")
        .sort("place", "distance", "fine_distance", "nearest_id")
        .unique("place", keep="first")
    )
    return (
        matched.select("number", *same)
        .join(distinct.select("place", *same), on=same)
        .join(nearest.select("place", "nearest_id", "distance", "fine_distance"), on="place")
        .select("number", "nearest_id", "distance", "fine_distance")
    )


def check_linked(linked: pl.DataFrame) -> pl.DataFrame:
    """The table as it came, once some clip is known to be in both variants; the old link stands until then.

    Raises:
        EmptyOutputError: no clip is.
    """
    if not (linked["outcome"] == LinkOutcome.LINKED.value).any():
        counts = linked.group_by("side", "outcome").len().sort("side", "outcome", descending=[True, False])
        raise EmptyOutputError(
            "No source clip is in both variants, so there is nothing to compare trainings over",
            where="link",
            got=", ".join(f"{side}: {count:,} {outcome}" for side, outcome, count in counts.rows()),
            allowed="one clip at least that both have a sample of",
            todo="name a dataset made of the same clips (link.other), or other themes (link.theme, link.other_theme)",
        )
    return linked


def count_links(linked: pl.DataFrame) -> pl.DataFrame:
    """Samples by side, theme and outcome: ``side``, ``theme``, ``outcome``, ``count``; their sum is all samples."""
    order = {each.value: place for place, each in enumerate([*Side, *LinkOutcome])}
    return (
        linked.group_by("side", "theme", "outcome")
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .sort(pl.col("side").replace_strict(order), "theme", pl.col("outcome").replace_strict(order))
    )


def compose_link(
    linked: pl.DataFrame, this: LinkedVariant, other: LinkedVariant, rule: LinkRule
) -> dict[str, str]:
    """The texts of the link by path: ``this/NAME.csv`` and ``other/NAME.csv`` as their variants have them, and a record.

    Raises:
        ConservationError: the two sides are not over the same clips.
    """
    both = linked.filter(pl.col("outcome") == LinkOutcome.LINKED.value)
    clips = {side: set(both.filter(pl.col("side") == side.value)["source"]) for side in Side}
    if clips[Side.THIS] != clips[Side.OTHER]:
        raise ConservationError(
            "The linked variants are not over the same clips",
            where="link",
            got=f"{len(clips[Side.THIS] ^ clips[Side.OTHER])} clips on one side alone",
            allowed="none",
        )
    texts = {}
    sides = {}
    for side, variant in ((Side.THIS, this), (Side.OTHER, other)):
        ids = both.filter(pl.col("side") == side.value)["id"]
        samples = variant.samples.filter(pl.col("id").is_in(ids.implode()))
        for (name,), part in samples.group_by("file", maintain_order=True):
            target = io.BytesIO()
            write_training_csv(part, target)
            texts[f"{side.value}/{name}"] = target.getvalue().decode()
        sides[side.value] = {
            "dataset": variant.dataset,
            "version": variant.version,
            "theme": rule.theme if side is Side.THIS else rule.other_theme,
            "sample_count": samples.height,
        }
    record = {
        **sides,
        "source_count": len(clips[Side.THIS]),
        "equal_counts": rule.equal_counts,
        "likeness": rule.likeness.model_dump(include=set(LikenessParams.model_fields)),
    }
    texts[RECORD_NAME] = json.dumps(with_format_version(record), indent=2, ensure_ascii=False) + "\n"
    return texts
