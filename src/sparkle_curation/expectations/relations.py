"""What is asked of the rows of a table beside other tables: findings added to its flat frame, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from sparkle_curation.expectations.table_rules import KNOWN_BY
from sparkle_curation.release.stages import STAGES
from sparkle_curation.release.tables import (
    EDITED_FRAME0_SCORES,
    EDITED_VIDEO_SCORES,
    FOREGROUND_REMOVED_SCORES,
    GROUNDING_R1,
    GROUNDING_R2,
    JSONL_TABLES,
)

Tables = Mapping[str, pl.LazyFrame]


def relate(flat: pl.DataFrame, table: str, tables: Tables) -> pl.DataFrame:
    """The flat frame of a table with what other tables say of its rows, in the same order.

    Args:
        flat: the columns that follow from the table's own rows.
        table: the table's name.
        tables: it and the tables that its suite reads.
    """
    return _WITH_RELATIONS[table](flat, table, tables)


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
