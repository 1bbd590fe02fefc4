"""The columns of a flat frame that need nothing but the row itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import polars as pl

from sparkle_curation.expectations.columns import violations
from sparkle_curation.expectations.columns.bbox_columns import (
    first_grounding_columns,
    second_grounding_columns,
)
from sparkle_curation.expectations.columns.nested import Elements, rows_lacking
from sparkle_curation.spec.fields import Field, ListOf, walk
from sparkle_curation.spec.layout import ASSET_KINDS, KIND, asset_path
from sparkle_curation.spec.stages import STAGES, Criterion, Stage
from sparkle_curation.spec.tables.ingested import (
    COLUMNS,
    GROUNDING_R1,
    GROUNDING_R2,
)
from sparkle_curation.spec.themes import METADATA_EDIT_TYPES, THEMES_WITHOUT_KEYWORD

Column = pl.Expr | pl.Series

_TEXTS_COMPARED = ("id", "theme", "edit_type")
"""Texts that rules look at. Of any other text a rule asks at most whether it is there, so only that is handed over."""


def row_columns(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The flat columns of some rows of a table, in their order."""
    return rows.select(*_described(table), *_completeness(table, rows), *_OWN_COLUMNS[table](rows))


def _described(table: str) -> Iterator[pl.Expr]:
    """The columns that are flat already, and numbers taken out of those that are not."""
    columns = COLUMNS[table]
    for field in columns:
        if isinstance(field.type, str):
            column = pl.col(field.name)
            is_handed_over = field.type != "string" or field.name in _TEXTS_COMPARED
            is_there = pl.when(column.is_not_null()).then(True).alias(field.name)
            yield column if is_handed_over else is_there
    yield from _nested_numbers(columns)
    if table != "assets":
        yield pl.col("prompt").str.strip_chars().str.len_chars().alias("prompt_chars")


def _nested_numbers(columns: tuple[Field, ...]) -> Iterator[pl.Expr]:
    """The bounded numbers inside an object, and the smallest and largest of those inside a list."""
    for path, field in walk(columns):
        name = path.removeprefix("$.")
        if field.minimum is None or (name == field.name and not isinstance(field.type, ListOf)):
            continue
        column, _, member = name.replace("[...]", "").partition(".")
        if "[...]" in name:
            numbers = pl.col(column).list.eval(pl.element().struct.field(member))
        elif member:
            yield pl.col(column).struct.field(member).alias(name)
            continue
        else:
            numbers = pl.col(column)
        yield numbers.list.min().alias(f"lowest {name}")
        yield numbers.list.max().alias(f"highest {name}")


def _completeness(table: str, rows: pl.DataFrame) -> Iterator[pl.Series]:
    """Whether nothing required is absent in a nested column, as a violation."""
    for field in COLUMNS[table]:
        if not isinstance(field.type, str):
            lacking = [np.array([], np.int32), *rows_lacking(Elements.of(rows[field.name]), field.type)]
            found = violations.in_rows(np.concatenate(lacking), rows.height, "a value is missing")
            yield found.alias(f"{field.name}_is_complete")


# ------------------------------------------------------------------ table by table
def _annotation_columns(_: pl.DataFrame) -> Iterator[pl.Expr]:
    yield pl.col("theme").replace_strict(METADATA_EDIT_TYPES, default=None).alias("theme_in_metadata")
    sides = (("src_video", "source", KIND.source_video), ("tgt_video", "edited", KIND.edited_video))
    for column, name, kind in sides:
        path = pl.format(asset_path("{}", kind, "{}"), "theme", "id")
        yield violations.unless_equal(pl.col(column), path).alias(f"{name}_path_names_sample")
    yield _keyword_violation().alias("keyword_is_split")


def _keyword_violation() -> pl.Expr:
    """Asked of what the metadata holds."""
    is_split = (pl.col("subtheme").str.len_chars() > 0) & (pl.col("scene").str.len_chars() > 0)
    keyword, is_without = pl.col("chosen_keyword"), pl.col("theme").is_in(THEMES_WITHOUT_KEYWORD)
    is_right = pl.when(is_without).then(keyword.is_null()).otherwise(is_split.fill_null(False))
    violation = pl.when(is_right).then(pl.lit("")).otherwise(pl.coalesce(keyword, pl.lit("absent")))
    return pl.when(pl.col("metadata_line").is_not_null()).then(violation)


def _frame_score_columns(stage: Stage, _: pl.DataFrame) -> Iterator[pl.Expr]:
    frames, scores = pl.col("frame_indices"), pl.col("editscore")
    for each in stage.criteria:
        values = scores.list.eval(pl.element().struct.field(each.field))
        yield (_reduced(values, each) - pl.col(each.score_column)).abs().alias(f"{each.score_column}_error")
    yield frames.list.len().cast(pl.Int64).alias("frame_count")
    yield scores.list.len().cast(pl.Int64).alias("editscore_count")
    rises = (frames.list.diff().list.min() > 0) | (frames.list.len() < 2)
    is_in_order = rises & (frames.list.min() > 0)
    shown = frames.list.eval(pl.element().cast(pl.String)).list.join(", ")
    yield pl.when(is_in_order).then(pl.lit("")).otherwise(shown).alias("frames_ascend")


def _reduced(values: pl.Expr, criterion: Criterion) -> pl.Expr:
    if criterion.reducer == "min":
        return values.list.min()
    if criterion.reducer == "quantile":
        return values.list.eval(pl.element().quantile(criterion.quantile or 0.0, "linear")).list.first()
    return values.list.mean()


def _asset_columns(_: pl.DataFrame) -> Iterator[pl.Expr]:
    yield pl.col("path").alias("file")
    yield violations.unless_equal(pl.col("path"), _path_by_kind()).alias("path_names_sample")


def _path_by_kind() -> pl.Expr:
    """The path that ``layout.asset_path`` gives a row's theme, kind and id; null for an unknown kind."""
    pieces = {kind: asset_path("|", kind, "|").split("|") for kind in ASSET_KINDS}
    before, between, after = (
        pl.col("kind").replace_strict({kind: cut[place] for kind, cut in pieces.items()}, default=None)
        for place in range(3)
    )
    return pl.concat_str(before, "theme", between, "id", after)


_OWN_COLUMNS: dict[str, Callable[[pl.DataFrame], Iterable[Column]]] = {
    "annotations": _annotation_columns,
    **{
        stage.table: partial(_frame_score_columns, stage) if stage.is_of_frames else lambda _rows: ()
        for stage in STAGES
    },
    GROUNDING_R1.name: first_grounding_columns,
    GROUNDING_R2.name: second_grounding_columns,
    "assets": _asset_columns,
}
