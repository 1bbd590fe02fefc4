"""What differs between two versions of a variant: the samples added, removed and changed, and why."""

from __future__ import annotations

from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.errors import ConservationError
from sparkle_curation.spec.codes.diff_reasons import CHANGES, Change
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.variant import (
    METADATA_COLUMNS,
    PLACE_COLUMNS,
    SIDES,
    VARIANT_DIFF_COLUMNS,
)
from sparkle_curation.spec.tables.verdicts import VERDICT_COLUMNS, score_column
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.export import VARIANT_COLUMNS
from sparkle_curation.variant.versions.diff_causes import VERDICT_FACTS, add_causes
from sparkle_curation.variant.versions.version import VariantVersion

_SCORES = tuple(score_column(criterion) for criterion in CRITERIA)
_BY_THEME_AND_CHANGE = (pl.col("theme").cast(pl.Enum(THEMES)), pl.col("change").cast(pl.Enum(CHANGES)))
_ON_ID: Any = {"on": "id", "how": "left"}


def compare(base: VariantVersion, other: VariantVersion) -> pl.DataFrame:
    """The difference (``VARIANT_DIFF_COLUMNS``): one row per sample added, removed or changed.

    A sample of both versions is changed if its prompt, a path, its split, its metadata or a score differs; another threshold
    alone changes no sample. Metadata are compared where both versions have any, scores where both have verdicts.
    Sorted by theme in the order of the card, then added, removed, changed, then by id.

    Raises:
        ConservationError: base + added - removed is not other, in some theme.
    """
    joined = _join(base, other).collect()
    settings = (base.settings, other.settings)
    parts = [
        add_causes(_select_rows(joined, change, _compared_columns(base, other)), change, settings)
        for change in Change
    ]
    diff = (
        pl.concat(parts)
        .sort(*_BY_THEME_AND_CHANGE, "id")
        .select(field.name for field in VARIANT_DIFF_COLUMNS)
        .cast(frame_schema(VARIANT_DIFF_COLUMNS))
    )
    check_conservation(base, other, diff)
    return diff


def count_by_reason(diff: pl.DataFrame) -> pl.DataFrame:
    """The counts of a difference: one row per theme, change and reason, in the order of the difference.

    Columns: ``theme``, ``change``, ``reason``, ``sample_count``; the most frequent reason of a change first.
    """
    return (
        diff.group_by("theme", "change", "reason", maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("sample_count"))
        .sort(*_BY_THEME_AND_CHANGE, -pl.col("sample_count"), "reason")
    )


def check_conservation(base: VariantVersion, other: VariantVersion, diff: pl.DataFrame) -> None:
    """Stop unless, in each theme, base + added - removed = other and what is changed is in both.

    Raises:
        ConservationError: a sum does not hold.
    """
    counts = {
        (theme, change): count for theme, change, count in diff.group_by("theme", "change").len().rows()
    }
    before, after = (dict(version.samples["theme"].value_counts().rows()) for version in (base, other))
    for theme in THEMES:
        added, removed, changed = (counts.get((theme, change.value), 0) for change in Change)
        old, new = before.get(theme, 0), after.get(theme, 0)
        if old + added - removed != new or changed > old - removed:
            raise ConservationError(
                "The differences between two versions do not add up",
                where=theme,
                got=f"{old} + {added} added - {removed} removed, {changed} changed",
                allowed=f"{new} in {other.name}",
            )


def _join(base: VariantVersion, other: VariantVersion) -> pl.LazyFrame:
    """One row per sample of either version, with what each says of it under its side's name."""
    sides = dict(zip(SIDES, (base, other), strict=True))
    names = [name for name in (*VARIANT_COLUMNS, "split") if name != "id"]
    exported = [
        version.samples.lazy().select("id", *(pl.col(name).alias(f"{side}_{name}") for name in names))
        for side, version in sides.items()
    ]
    joined = exported[0].join(exported[1], on="id", how="full", coalesce=True)
    for side, version in sides.items():
        joined = joined.join(_verdict_facts(version, side), **_ON_ID).join(
            _obstacles(version, side), **_ON_ID
        )
        joined = joined.with_columns(pl.lit(version.verdicts is not None).alias(f"{side}_has_verdicts"))
    return joined.with_columns(pl.coalesce(f"{side}_theme" for side in SIDES).alias("theme"))


def _verdict_facts(version: VariantVersion, side: str) -> pl.LazyFrame:
    """``VERDICT_FACTS`` of each known sample; a column that an older project did not write is null."""
    types = frame_schema(VERDICT_COLUMNS)
    verdicts = pl.LazyFrame(schema={"id": pl.String}) if version.verdicts is None else version.verdicts.lazy()
    present = verdicts.collect_schema().names()
    return verdicts.select(
        "id",
        *(
            (pl.col(name) if name in present else pl.lit(None, types[name])).alias(f"{side}_{name}")
            for name in VERDICT_FACTS
        ),
    )


def _obstacles(version: VariantVersion, side: str) -> pl.LazyFrame:
    """Why a kept sample is not exported: what it lacks, or what the loader would not take."""
    lacks, unloadable = (
        pl.LazyFrame(schema={"id": pl.String, column: pl.String})
        if table is None
        else table.lazy().select("id", pl.col(column).cast(pl.String))
        for table, column in ((version.not_exported, "reason"), (version.unloadable, "reasons"))
    )
    return lacks.join(unloadable, on="id", how="full", coalesce=True).select(
        "id",
        pl.col("reason").alias(f"{side}_obstacle"),
        pl.col("reasons").alias(f"{side}_unloadable_for"),
    )


def _compared_columns(base: VariantVersion, other: VariantVersion) -> list[str]:
    """The columns in which a sample of both versions can differ: what both versions say."""
    columns = list(PLACE_COLUMNS)
    if all(version.samples["edit_type"].count() for version in (base, other)):
        columns += METADATA_COLUMNS
    if all(version.verdicts is not None for version in (base, other)):
        columns += _SCORES
    return columns


def _select_rows(joined: pl.DataFrame, change: Change, compared: list[str]) -> pl.DataFrame:
    """The samples of that change, with ``change`` and ``changed_columns``."""
    was_in, is_in = (pl.col(f"{side}_theme").is_not_null() for side in SIDES)
    differs = {name: pl.col(f"base_{name}").ne_missing(pl.col(f"other_{name}")) for name in compared}
    is_row = {
        Change.ADDED: ~was_in,
        Change.REMOVED: ~is_in,
        Change.CHANGED: was_in & is_in & pl.any_horizontal(differs.values()),
    }
    names = [pl.when(is_other).then(pl.lit(name)) for name, is_other in differs.items()]
    changed_columns = (
        pl.concat_list(names).list.drop_nulls()
        if change is Change.CHANGED
        else pl.lit([], dtype=pl.List(pl.String))
    )
    return joined.filter(is_row[change]).with_columns(
        pl.lit(change.value).alias("change"), changed_columns.alias("changed_columns")
    )
