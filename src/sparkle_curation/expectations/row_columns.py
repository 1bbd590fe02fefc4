"""What is asked of the rows of a table alone, as columns: numbers, counts and findings.

Nested values become a number a row (``frame_count``, ``lowest editscore[...].O_score``) or a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from sparkle_curation.release.fields import Field, ListOf, walk
from sparkle_curation.release.layout import ASSET_KINDS, INTERMEDIATE_FOLDER, asset_path
from sparkle_curation.release.tables import (
    COLUMNS,
    EDITED_FRAME0_SCORES,
    EDITED_VIDEO_SCORES,
    FOREGROUND_REMOVED_SCORES,
    GROUNDING_R1,
    GROUNDING_R2,
)
from sparkle_curation.release.themes import METADATA_EDIT_TYPES

MAX_BOX = 1000.0
"""Boxes are in thousandths of width and height (dataset card, "foreground_grounding_r1.jsonl")."""

_SHOWN = 3
"""Labels named in a finding."""


def row_columns(table: str) -> Iterator[pl.Expr]:
    """The columns of a table's flat frame that follow from its own rows, one value a row each."""
    columns = COLUMNS[table]
    yield from (pl.col(field.name) for field in columns if isinstance(field.type, str))
    yield from _nested_numbers(columns)
    if table != "assets":
        yield pl.col("prompt").str.strip_chars().str.len_chars().alias("prompt_chars")
    yield from _OWN_COLUMNS[table]()


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


def _annotation_columns() -> Iterator[pl.Expr]:
    yield pl.col("theme").replace_strict(METADATA_EDIT_TYPES, default=None).alias("theme_in_metadata")
    for column, kind, name in (
        ("src_video", "source_video", "source"),
        ("tgt_video", "edited_video", "edited"),
    ):
        yield _finding_unless_equal(
            pl.col(column), pl.format(asset_path("{}", kind, "{}"), "theme", "id")
        ).alias(f"{name}_path_names_sample")
    is_split = (pl.col("subtheme").str.len_chars() > 0) & (pl.col("scene").str.len_chars() > 0)
    keyword = pl.col("chosen_keyword")
    yield (
        pl.when(pl.col("metadata_line").is_null())
        .then(None)
        .when((pl.col("theme") == "openve3m") & keyword.is_null())
        .then(pl.lit(""))
        .when((pl.col("theme") != "openve3m") & is_split.fill_null(False))
        .then(pl.lit(""))
        .otherwise(pl.coalesce(keyword, pl.lit("absent")))
        .alias("keyword_is_split")
    )


def _video_score_columns() -> Iterator[pl.Expr]:
    frames, scores = pl.col("frame_indices"), pl.col("editscore")
    mean = scores.list.eval(pl.element().struct.field("O_score")).list.mean()
    yield (mean - pl.col("mean_o_score")).abs().alias("mean_error")
    yield frames.list.len().cast(pl.Int64).alias("frame_count")
    yield scores.list.len().cast(pl.Int64).alias("editscore_count")
    rises = (frames.list.diff().list.min() > 0) | (frames.list.len() < 2)
    is_in_order = rises & (frames.list.min() > 0)
    shown = frames.list.eval(pl.element().cast(pl.String)).list.join(", ")
    yield pl.when(is_in_order).then(pl.lit("")).otherwise(shown).alias("frames_ascend")


def _grounding_columns(objects: pl.Expr) -> Iterator[pl.Expr]:
    """What there is to say of a list of objects: how many of their boxes are at fault, and in what.

    Counted, not shown: as text the boxes of 140K samples take 6 s.
    """
    boxes = objects.list.eval(pl.element().struct.field("bbox_2d"))
    box, length = pl.element(), pl.element().list.len()
    x1, y1, x2, y2 = (box.list.get(place, null_on_oob=True) for place in range(4))
    faults = {
        "box_shapes": (length != 0) & (length != 4),
        "box_ranges": (box.list.min() < 0) | (box.list.max() > MAX_BOX),
        "box_corners": (length == 4) & ((x1 >= x2) | (y1 >= y2)),
    }
    for name, is_at_fault in faults.items():
        count = boxes.list.eval(is_at_fault).list.sum()
        yield pl.when(count > 0).then(pl.format("{} boxes", count)).otherwise(pl.lit("")).alias(name)


def _stray_labels(objects: pl.Expr, name: str) -> pl.Expr:
    """The labels of objects that ``round1_labels`` lacks, as a finding."""
    labels = objects.list.eval(pl.element().struct.field("label"))
    return _finding_of(labels.list.set_difference(pl.col("round1_labels"))).alias(name)


def _first_grounding_columns() -> Iterator[pl.Expr]:
    objects = pl.col("round1_objects")
    yield from _grounding_columns(objects)
    yield pl.col("round1_labels").list.len().cast(pl.Int64).alias("label_count")
    yield pl.col("round1_labels").list.join("; ").alias("labels")
    yield _stray_labels(objects, "object_labels")


def _second_grounding_columns() -> Iterator[pl.Expr]:
    objects = pl.col("frame_objects").list.eval(pl.element().explode())
    yield from _grounding_columns(objects)
    yield pl.col("round1_labels").list.len().cast(pl.Int64).alias("label_count")
    yield pl.col("round1_labels").list.join("; ").alias("labels")
    yield _stray_labels(pl.col("round1_objects"), "object_labels")
    yield _stray_labels(objects, "frame_labels")
    yield pl.col("frame_objects").list.len().cast(pl.Int64).alias("grounded_frame_count")


def _asset_columns() -> Iterator[pl.Expr]:
    yield _finding_unless_equal(pl.col("path"), _layout_path(pl.col("kind"))).alias("path_names_sample")


def _no_columns() -> Iterator[pl.Expr]:
    return iter(())


_OWN_COLUMNS: dict[str, Callable[[], Iterator[pl.Expr]]] = {
    "annotations": _annotation_columns,
    EDITED_FRAME0_SCORES.name: _no_columns,
    FOREGROUND_REMOVED_SCORES.name: _no_columns,
    EDITED_VIDEO_SCORES.name: _video_score_columns,
    GROUNDING_R1.name: _first_grounding_columns,
    GROUNDING_R2.name: _second_grounding_columns,
    "assets": _asset_columns,
}


def _layout_path(kind: pl.Expr) -> pl.Expr:
    """The path that ``layout.asset_path`` gives a row's theme, kind and id; null for an unknown kind."""
    bases = {
        name: f"{INTERMEDIATE_FOLDER}/" if known.base_folder else "" for name, known in ASSET_KINDS.items()
    }
    suffixes = {name: known.suffix for name, known in ASSET_KINDS.items()}
    base, suffix = (kind.replace_strict(names, default=None) for names in (bases, suffixes))
    return pl.format("{}{}/{}/{}.{}", base, "theme", kind, "id", suffix)


def _finding_unless_equal(found: pl.Expr, wanted: pl.Expr) -> pl.Expr:
    """What was found where it is not what was wanted; null where nothing was."""
    return pl.when(found.eq_missing(wanted)).then(pl.lit("")).otherwise(found)


def _finding_of(faults: pl.Expr) -> pl.Expr:
    """A finding that names the first few faults of a list; empty where there are none."""
    shown = faults.list.head(_SHOWN).list.eval(pl.element().cast(pl.String)).list.join(", ")
    return pl.when(faults.list.len() > _SHOWN).then(pl.format("{}, ...", shown)).otherwise(shown)
