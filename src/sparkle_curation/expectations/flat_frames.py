"""The frames that suites are checked on: one row per row of a table, flat, with the columns that rules need.

Great Expectations knows no nested values, so what is asked of boxes, labels and frames is worked out here: into a
number a row (``frame_count``, ``lowest editscore[...].O_score``), or into a finding. A finding is a text that says
what is wrong, empty where nothing is, and null where the question does not arise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import polars as pl

from sparkle_curation.expectations.suites import KNOWN_BY
from sparkle_curation.release.fields import Field, ListOf, arrow_schema, walk
from sparkle_curation.release.layout import ASSET_KINDS, INTERMEDIATE_FOLDER
from sparkle_curation.release.stages import STAGES
from sparkle_curation.release.tables import (
    COLUMNS,
    EDITED_FRAME0_SCORES,
    EDITED_VIDEO_SCORES,
    FOREGROUND_REMOVED_SCORES,
    GROUNDING_R1,
    GROUNDING_R2,
    JSONL_TABLES,
)
from sparkle_curation.release.themes import METADATA_EDIT_TYPES, THEMES

Tables = Mapping[str, pl.LazyFrame]

SLICE_ROWS = 16_384
"""Rows worked on at a time, so that a gigabyte of judges' reasons is never in memory together."""

MAX_BOX = 1000.0
"""Boxes are in thousandths of width and height (dataset card, "foreground_grounding_r1.jsonl")."""

_SHOWN = 3
"""Labels or tables named in a finding."""


def flatten(table: str, tables: Tables) -> pl.DataFrame:
    """The flat frame of one table: one row per row of it, in its order.

    Args:
        table: the table's name.
        tables: it and the tables that its suite reads.
    """
    flat = _collect_in_slices(tables[table], list(_row_columns(table)))
    return _WITH_RELATIONS[table](flat, table, tables)


def flatten_schemas(tables: Tables) -> pl.DataFrame:
    """One row per column that a table has or should have: ``column, declared_type, found_type``."""
    rows = []
    for name, frame in tables.items():
        declared, found = declared_schema(name), frame.collect_schema()
        for column in dict.fromkeys([*declared, *found]):
            types = [str(schema[column]) if column in schema else "absent" for schema in (declared, found)]
            rows.append((f"{name}.{column}", *types))
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("column", "declared_type", "found_type"), pl.String), orient="row"
    )


def flatten_quarantine(quarantine: pl.LazyFrame) -> pl.DataFrame:
    """One row per piece of quarantined input: ``where`` (file and line, or byte in a tar), ``reason``."""
    place = pl.coalesce(pl.format("{}:{}", "path", "line"), pl.format("{} at byte {}", "path", "byte_offset"))
    return quarantine.select(place.alias("where"), "reason").collect()


def flatten_release(tables: Tables, quarantine: pl.LazyFrame) -> pl.DataFrame:
    """One row per theme that any table has, with its counts, shares and score statistics.

    A count or a share is null where what it counts is absent.
    """
    figures = [
        _theme_rows(tables),
        _file_rows(tables["annotations"]),
        _box_shares(tables),
        _quarantined_shares(tables, quarantine),
        *(_score_figures(tables[stage.table], stage.name, stage.score_column) for stage in STAGES),
    ]
    themes = figures[0]
    for figure in figures[1:]:
        themes = themes.join(figure, on="theme", how="left")
    return themes.sort(pl.col("theme").cast(pl.Enum(THEMES), strict=False))


def declared_schema(table: str) -> pl.Schema:
    """The columns that a table should have, by the descriptions in ``release.tables``."""
    empty = pl.DataFrame(pl.from_arrow(arrow_schema(COLUMNS[table]).empty_table()))
    return empty.schema


def as_declared(table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The table; an empty one in its place where its columns are not the declared ones.

    The suite ``schemas`` says so, and there is nothing more to ask of such a table.
    """
    declared = declared_schema(table)
    return frame if frame.collect_schema() == declared else pl.LazyFrame(schema=declared)


# ------------------------------------------------------------------ row by row
def _collect_in_slices(frame: pl.LazyFrame, columns: list[pl.Expr]) -> pl.DataFrame:
    """The columns of all rows, in order; of the rest no more than one slice is in memory."""
    rows = frame.select(pl.len()).collect().item()
    starts = range(0, max(rows, 1), SLICE_ROWS)
    return pl.concat([frame.slice(start, SLICE_ROWS).select(columns).collect() for start in starts])


def _row_columns(table: str) -> Iterator[pl.Expr]:
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
        yield _finding_unless_equal(pl.col(column), _layout_path(pl.lit(kind))).alias(
            f"{name}_path_names_sample"
        )
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


# ------------------------------------------------------------------ beside other tables
def _relate_annotations(flat: pl.DataFrame, _: str, tables: Tables) -> pl.DataFrame:
    flat = _with_lacking_file(flat)
    flat = _with_unresolved_paths(flat, tables["assets"])
    flat = _with_lacking_tables(flat, {name: tables[name] for name in JSONL_TABLES})
    return _with_failed_cut_offs(flat, tables)


def _relate_to_earlier(flat: pl.DataFrame, table: str, tables: Tables) -> pl.DataFrame:
    """Whether an earlier step knows the sample, and gives it the same prompt."""
    released, earlier = KNOWN_BY[table]
    columns = ["id", "theme"] if table == "assets" else ["id", "theme", "prompt"]
    before = tables[earlier].select(columns).unique("id", keep="first").collect()
    annotated = tables[released].select("id", pl.lit(True).alias("is_annotated")).unique("id").collect()
    flat = flat.join(
        before.with_columns(pl.lit(True).alias("is_before")),
        on="id",
        how="left",
        suffix="_before",
        maintain_order="left",
    ).join(annotated, on="id", how="left", maintain_order="left")
    is_known = pl.col("is_before").fill_null(False) | pl.col("is_annotated").fill_null(False)
    can_tell = pl.col("theme").is_in(before["theme"].unique().implode())
    flat = flat.with_columns(
        pl.when(is_known)
        .then(pl.lit(""))
        .when(can_tell)
        .then(pl.lit(f"neither in {released} nor in {earlier}"))
        .alias("sample_is_known")
    )
    if "prompt_before" in flat.columns:
        is_same = pl.col("prompt") == pl.col("prompt_before")
        is_asked = pl.col("is_before").fill_null(False) & pl.col("is_annotated").is_null()
        finding = pl.when(is_same).then(pl.lit("")).otherwise(pl.col("prompt").str.head(80))
        flat = flat.with_columns(pl.when(is_asked).then(finding).alias("prompt_is_repeated"))
    return flat


def _relate_video_scores(flat: pl.DataFrame, table: str, tables: Tables) -> pl.DataFrame:
    flat = _relate_to_earlier(flat, table, tables)
    passing = pl.col("mean_o_score") >= STAGES[-1].published_cut_off
    for stage in STAGES[:-1]:
        scores = tables[stage.table].select("id", pl.col(stage.score_column).alias(stage.name)).unique("id")
        flat = flat.join(scores.collect(), on="id", how="left", maintain_order="left")
        passing &= pl.col(stage.name) >= stage.published_cut_off
    themes = tables["annotations"].select(pl.col("theme").unique()).collect()["theme"]
    is_unreleased = passing & pl.col("is_annotated").is_null()
    finding = pl.when(is_unreleased).then(pl.lit("passes, not released")).otherwise(pl.lit(""))
    return flat.with_columns(
        pl.when(pl.col("theme").is_in(themes.implode())).then(finding).alias("passing_is_released")
    )


def _relate_second_grounding(flat: pl.DataFrame, table: str, tables: Tables) -> pl.DataFrame:
    flat = _relate_to_earlier(flat, table, tables)
    first = tables[GROUNDING_R1.name].select("id", pl.col("round1_labels").list.join("; ").alias("labels_r1"))
    flat = flat.join(first.unique("id").collect(), on="id", how="left", maintain_order="left")
    is_same = pl.col("labels") == pl.col("labels_r1")
    finding = pl.when(is_same).then(pl.lit("")).when(~is_same).then(pl.col("labels"))
    return flat.with_columns(finding.alias("round1_is_repeated"))


def _unrelated(flat: pl.DataFrame, _: str, __: Tables) -> pl.DataFrame:
    return flat


_WITH_RELATIONS: dict[str, Callable[[pl.DataFrame, str, Tables], pl.DataFrame]] = {
    "annotations": _relate_annotations,
    EDITED_FRAME0_SCORES.name: _unrelated,
    FOREGROUND_REMOVED_SCORES.name: _relate_to_earlier,
    EDITED_VIDEO_SCORES.name: _relate_video_scores,
    GROUNDING_R1.name: _relate_to_earlier,
    GROUNDING_R2.name: _relate_second_grounding,
    "assets": _relate_to_earlier,
}


def _with_lacking_file(flat: pl.DataFrame) -> pl.DataFrame:
    """``stands_in_both_files``: asked where the theme has both files."""
    has_both = pl.col("csv_line").count().over("theme").gt(0) & pl.col("metadata_line").count().over(
        "theme"
    ).gt(0)
    finding = (
        pl.when(pl.col("csv_line").is_null())
        .then(pl.lit("not in the CSV"))
        .when(pl.col("metadata_line").is_null())
        .then(pl.lit("not in the metadata"))
        .otherwise(pl.lit(""))
    )
    return flat.with_columns(pl.when(has_both).then(finding).alias("stands_in_both_files"))


def _with_unresolved_paths(flat: pl.DataFrame, assets: pl.LazyFrame) -> pl.DataFrame:
    """``paths_resolve``: asked of the kinds of video that the theme has any asset of."""
    findings = []
    for column, kind in (("src_video", "source_video"), ("tgt_video", "edited_video")):
        of_kind = assets.filter(pl.col("kind") == kind).select("path", "theme").collect()
        is_asked = pl.col("theme").is_in(of_kind["theme"].unique().implode()) & pl.col(column).is_not_null()
        is_missing = is_asked & ~pl.col(column).is_in(of_kind["path"].unique().implode())
        findings.append(
            pl.when(is_missing)
            .then(pl.col(column))
            .when(is_asked)
            .then(pl.lit(""))
            .alias(f"unresolved {kind}")
        )
    names = ["unresolved source_video", "unresolved edited_video"]
    flat = flat.with_columns(findings)
    is_asked = pl.any_horizontal(pl.col(name).is_not_null() for name in names)
    return flat.with_columns(
        pl.when(is_asked)
        .then(pl.concat_str(names, separator=" ", ignore_nulls=True).str.strip_chars())
        .alias("paths_resolve")
    )


def _with_lacking_tables(flat: pl.DataFrame, others: Tables) -> pl.DataFrame:
    """``sample_is_scored``: the tables that have the theme and lack the sample; asked of samples of the CSV."""
    names = []
    for name, table in others.items():
        ids = table.select("id", "theme").collect()
        is_lacking = pl.col("theme").is_in(ids["theme"].unique().implode()) & ~pl.col("id").is_in(
            ids["id"].unique().implode()
        )
        flat = flat.with_columns(pl.when(is_lacking).then(pl.lit(name)).alias(f"lacks {name}"))
        names.append(f"lacks {name}")
    finding = pl.concat_str(names, separator=", ", ignore_nulls=True)
    return flat.with_columns(
        pl.when(pl.col("csv_line").is_not_null()).then(finding).alias("sample_is_scored")
    )


def _with_failed_cut_offs(flat: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """``sample_passes``: the stages whose published cut-off the score misses; asked of samples of the CSV."""
    for stage in STAGES:
        scores = tables[stage.table].select("id", pl.col(stage.score_column).alias(stage.name)).unique("id")
        flat = flat.join(scores.collect(), on="id", how="left", maintain_order="left")
    failed = [
        pl.when(pl.col(stage.name) < stage.published_cut_off).then(
            pl.format("{} {}", pl.lit(stage.name), pl.col(stage.name))
        )
        for stage in STAGES
    ]
    finding = pl.concat_str(failed, separator=", ", ignore_nulls=True)
    return flat.with_columns(pl.when(pl.col("csv_line").is_not_null()).then(finding).alias("sample_passes"))


# ------------------------------------------------------------------ theme by theme
def _theme_rows(tables: Tables) -> pl.DataFrame:
    return pl.concat([frame.select("theme").unique() for frame in tables.values()]).unique().collect()


def _file_rows(annotations: pl.LazyFrame) -> pl.DataFrame:
    rows = {"csv_rows": "csv_line", "metadata_rows": "metadata_line"}
    counts = [pl.col(line).count().cast(pl.Int64).alias(name) for name, line in rows.items()]
    counted = annotations.group_by("theme").agg(counts).collect()
    return counted.with_columns(pl.when(pl.col(name) > 0).then(pl.col(name)).alias(name) for name in rows)


def _box_shares(tables: Tables) -> pl.DataFrame:
    flat = [
        _collect_in_slices(tables[name], [pl.col("theme"), *_box_counts(objects)])
        for name, objects in (
            (GROUNDING_R1.name, pl.col("round1_objects")),
            (GROUNDING_R2.name, pl.col("frame_objects").list.eval(pl.element().explode())),
        )
    ]
    counted = pl.concat(flat).group_by("theme").agg(pl.col("empty_box_count", "box_count").sum())
    share = pl.col("empty_box_count") / pl.col("box_count")
    return counted.select("theme", pl.when(pl.col("box_count") > 0).then(share).alias("empty_box_share"))


def _box_counts(objects: pl.Expr) -> Iterator[pl.Expr]:
    empty = objects.list.eval(pl.element().struct.field("bbox_2d").list.len() == 0)
    yield empty.list.len().cast(pl.Int64).alias("box_count")
    yield empty.list.sum().cast(pl.Int64).alias("empty_box_count")


def _quarantined_shares(tables: Tables, quarantine: pl.LazyFrame) -> pl.DataFrame:
    rows = (
        pl.concat([frame.select("theme") for frame in tables.values()])
        .group_by("theme")
        .len("rows")
        .collect()
    )
    quarantined = (
        quarantine.filter(~pl.col("is_row_kept")).group_by("theme").agg(pl.col("line_count").sum()).collect()
    )
    lost = pl.col("line_count").fill_null(0)
    return rows.join(quarantined, on="theme", how="left").select(
        "theme", (lost / (lost + pl.col("rows"))).alias("quarantined_share")
    )


def _score_figures(scores: pl.LazyFrame, stage: str, column: str) -> pl.DataFrame:
    return (
        scores.group_by("theme")
        .agg(pl.col(column).mean().alias(f"{stage}_mean"), pl.col(column).std().alias(f"{stage}_std"))
        .collect()
    )
