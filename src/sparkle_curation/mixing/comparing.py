"""What differs between two mixes: the samples added, removed and changed, and what became of them."""

from __future__ import annotations

import polars as pl

from sparkle_curation.errors import ConservationError
from sparkle_curation.escaping import markdown_text
from sparkle_curation.spec.codes.diff_reasons import Change
from sparkle_curation.spec.tables.mixing import MixOutcome

_IN = [MixOutcome.TRAIN.value, MixOutcome.VAL.value]
_COMPARED = ("outcome", "prompt", "src_video", "tgt_video")
_ABSENT = "no_member"
"""What stands for the outcome of a sample that a mix does not know."""


def compare(base: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """One row per sample added, removed or changed.

    Columns: ``member``, ``id``, ``theme``, ``change``, ``before``, ``after``, ``reason``. ``before`` and ``after`` are
    outcomes, ``no_member`` where that mix does not know the sample. ``reason``: why the sample is not in the mix that lacks
    it, or what changed. By member, change and id.

    Args:
        base: ``mix_samples`` of the mix that is compared with.
        other: of the one that is looked at.

    Raises:
        ConservationError: base + added - removed is not other, for some member.
    """
    columns = ["member", "id", "theme", "reason", *_COMPARED]
    joined = base.select(columns).join(
        other.select(columns), on=["member", "id"], how="full", coalesce=True, suffix="_other"
    )
    was, now = (pl.col(name).is_in(_IN).fill_null(value=False) for name in ("outcome", "outcome_other"))
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_other")) for name in _COMPARED]
    names = ["split" if name == "outcome" else name for name in _COMPARED]
    said = [pl.when(differ).then(pl.lit(name)) for differ, name in zip(differs, names, strict=True)]
    change = (
        pl.when(~was & now)
        .then(pl.lit(Change.ADDED.value))
        .when(was & ~now)
        .then(pl.lit(Change.REMOVED.value))
        .when(was & now & pl.any_horizontal(differs))
        .then(pl.lit(Change.CHANGED.value))
    )
    reason = (
        pl.when(was & now)
        .then(pl.concat_str(said, separator=" ", ignore_nulls=True))
        .when(was)
        .then("reason_other")
        .otherwise("reason")
    )
    diff = joined.select(
        "member",
        "id",
        pl.coalesce("theme", "theme_other").alias("theme"),
        change.alias("change"),
        pl.col("outcome").fill_null(_ABSENT).alias("before"),
        pl.col("outcome_other").fill_null(_ABSENT).alias("after"),
        reason.alias("reason"),
    ).filter(pl.col("change").is_not_null())
    order = {each.value: place for place, each in enumerate(Change)}
    diff = diff.sort("member", pl.col("change").replace_strict(order, return_dtype=pl.Int64), "id")
    _check(base, other, diff)
    return diff


def _check(base: pl.DataFrame, other: pl.DataFrame, diff: pl.DataFrame) -> None:
    counts = {
        key: count for *key_, count in diff.group_by("member", "change").len().rows() for key in [tuple(key_)]
    }
    old, new = (_sizes(table) for table in (base, other))
    for member in old.keys() | new.keys():
        added, removed = (counts.get((member, change.value), 0) for change in (Change.ADDED, Change.REMOVED))
        if old.get(member, 0) + added - removed != new.get(member, 0):
            raise ConservationError(
                "The difference of two mixes does not add up",
                where=f"member {member}",
                got=f"{old.get(member, 0)} + {added} added - {removed} removed",
                allowed=f"{new.get(member, 0)}",
            )


def _sizes(table: pl.DataFrame) -> dict[str, int]:
    return dict(table.filter(pl.col("outcome").is_in(_IN)).group_by("member").len().rows())


def summarise(base: pl.DataFrame, other: pl.DataFrame, diff: pl.DataFrame) -> str:
    """The difference as a short text for a pull request, in Markdown."""
    old, new = _sizes(base), _sizes(other)
    counts = {
        (member, change): count for member, change, count in diff.group_by("member", "change").len().rows()
    }
    lines = [
        "# The mix against the one before",
        "",
        f"{sum(old.values()):,} -> {sum(new.values()):,} pairs.",
        "",
    ]
    lines += ["| member | before | added | removed | changed | now |", "|---|---|---|---|---|---|"]
    for member in sorted(old.keys() | new.keys()):
        cells = [
            old.get(member, 0),
            *(counts.get((member, each.value), 0) for each in Change),
            new.get(member, 0),
        ]
        lines.append(f"| {member} | " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    ways = (
        diff.group_by("member", "change", "before", "after", "reason")
        .len()
        .sort("member", "len", "change", "before")
    )
    if ways.height:
        lines += ["", "| member | change | before | after | reason | samples |", "|---|---|---|---|---|---|"]
    for member, change, before, after, reason, count in ways.rows():
        lines.append(
            f"| {member} | {change} | {before} | {after} | {markdown_text(reason or '')} | {count:,} |"
        )
    return "\n".join(lines) + "\n"
