"""The columns of a flat frame that need other tables beside its own: what belongs together, and whether it agrees."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl

from sparkle_curation.expectations.rules.foreign_keys import KNOWN_BY
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import ASKS_RELEASE, CRITERIA, STAGES, Criterion
from sparkle_curation.spec.tables.ingested import (
    GROUNDING_R1,
    GROUNDING_R2,
    JSONL_TABLES,
)

Tables = Mapping[str, pl.LazyFrame]

_PROMPT_SHOWN = 80
"""Characters of a prompt in a violation."""


PART_ROWS = 1 << 22
"""Of a table of more rows, samples are looked up in other tables in parts: those whose ids' hashes leave one remainder."""

_MOST_TEXTS = 8
"""Texts take 16 bytes a row, categories 4: a column becomes categories where at most one row in so many has any text."""


@dataclass(frozen=True)
class _Looked:
    """What relations look at.

    Attributes:
        flat: rows of a flat frame.
        table: of which table.
        tables: all tables, with the rows of the samples that ``flat`` may have at least.
        themes: those of a table as a whole, by its name.
    """

    flat: pl.DataFrame
    table: str
    tables: Tables
    themes: Callable[[str], pl.Series]


_Relate = Callable[[_Looked], list[pl.Series]]


def relation_columns(table: str, flat: pl.DataFrame, tables: Tables) -> list[pl.Series]:
    """The columns for a flat frame of the whole table, in the order of its rows."""

    @cache
    def themes(name: str) -> pl.Series:
        return tables[name].select(pl.col("theme").unique()).collect()["theme"]

    of_all = _OF_ALL.get(table, _nothing)(_Looked(flat, table, tables, themes))
    part_count = max(math.ceil(flat.height / PART_ROWS), 1)
    if part_count == 1:
        return [
            *map(_narrow, of_all),
            *map(_narrow, _OF_SAMPLES[table](_Looked(flat, table, tables, themes))),
        ]
    part_of = (flat["id"].hash() % part_count).cast(pl.UInt32)
    found = []
    for part in range(part_count):
        some = {name: each.filter(pl.col("id").hash() % part_count == part) for name, each in tables.items()}
        looked = _Looked(flat.filter(part_of == part), table, some, themes)
        found.append([_narrow(column) for column in _OF_SAMPLES[table](looked)])
    places = pl.concat([(part_of == part).arg_true() for part in range(part_count)]).arg_sort()
    of_samples = (_narrow(_joined(columns).gather(places)) for columns in zip(*found, strict=True))
    return [*map(_narrow, of_all), *of_samples]


def _joined(columns: tuple[pl.Series, ...]) -> pl.Series:
    same = len({column.dtype for column in columns}) == 1
    return pl.concat(columns if same else [column.cast(pl.String) for column in columns])


def _narrow(column: pl.Series) -> pl.Series:
    if column.dtype != pl.String:
        return column
    text_count = (column != "").sum()
    return column.cast(pl.Categorical) if text_count * _MOST_TEXTS <= len(column) else column


def _nothing(_: _Looked) -> list[pl.Series]:
    return []


# ------------------------------------------------------------------ of scores, groundings and assets
def _of_assets(looked: _Looked) -> list[pl.Series]:
    return [_known(looked)]


def _with_prompts(looked: _Looked) -> list[pl.Series]:
    return [_known(looked), _repeated_prompt(looked.flat, looked.table, looked.tables)]


def _of_scores(looked: _Looked) -> list[pl.Series]:
    """Of the first stage nothing is asked that needs another table, of the last whether what passes is released."""
    of_all = _with_prompts(looked) if looked.table in KNOWN_BY else []
    is_asked = ASKS_RELEASE and looked.table == STAGES[-1].table
    return [*of_all, _passing_is_released(looked)] if is_asked else of_all


def _of_second_grounding(looked: _Looked) -> list[pl.Series]:
    return [*_with_prompts(looked), _repeated_labels(looked.tables)]


def _known(looked: _Looked) -> pl.Series:
    """``sample_is_known``: asked where the step before has the theme, or the annotations have the sample."""
    flat, tables = looked.flat, looked.tables
    released, earlier = KNOWN_BY[looked.table]
    is_known = _are_among(flat["id"], tables[released]) | _are_among(flat["id"], tables[earlier])
    can_tell = pl.col("theme").is_in(looked.themes(earlier).implode())
    violation = pl.when(can_tell).then(pl.lit(f"neither in {released} nor in {earlier}"))
    return flat.select(
        pl.when(pl.lit(is_known)).then(pl.lit("")).otherwise(violation).alias("sample_is_known")
    ).to_series()


def _repeated_prompt(flat: pl.DataFrame, table: str, tables: Tables) -> pl.Series:
    """``prompt_is_repeated``: asked of candidates that were not released and that the step before knows.

    Only their prompts are looked at: of the released ones ingestion compares each with the annotations.
    """
    released, earlier = KNOWN_BY[table]
    unasked = pl.repeat(None, flat.height, dtype=pl.String, eager=True).alias("prompt_is_repeated")
    candidates = flat["id"].filter(~_are_among(flat["id"], tables[released])).unique()
    if candidates.is_empty():
        return unasked
    is_candidate = pl.col("id").is_in(candidates.implode())
    before = tables[earlier].filter(is_candidate).select("id", pl.col("prompt").alias("before"))
    asked = (
        tables[table]
        .select(pl.int_range(pl.len()).alias("row"), "id", "prompt")
        .filter(is_candidate)
        .join(before.unique("id", keep="first"), on="id")
        .select(
            "row",
            pl.when(pl.col("prompt") == pl.col("before"))
            .then(pl.lit(""))
            .otherwise(pl.col("prompt").str.head(_PROMPT_SHOWN))
            .alias("found"),
        )
        .collect(engine="streaming")  # the prompts of released samples are dropped while they are read
    )
    return unasked.scatter(asked["row"], asked["found"])


def _listed_once(assets: pl.LazyFrame) -> pl.Series:
    """``file_is_unique``: the tar that a path stands in twice; only of paths that stand twice anywhere it is asked where."""
    listed = assets.select("container", "path").collect()
    row = pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")
    again = listed.with_columns(row).filter(pl.col("path").is_duplicated())
    again = again.filter(pl.struct("container", "path").is_duplicated())
    found = pl.repeat("", listed.height, dtype=pl.String, eager=True)
    where = again["container"].fill_null("loose")
    return found.scatter(again["row"], where).alias("file_is_unique")


def _passing_is_released(looked: _Looked) -> pl.Series:
    """``passing_is_released``: asked where the annotations have the theme."""
    flat, tables = looked.flat, looked.tables
    is_passing = pl.all_horizontal(
        criterion.is_met(pl.col(criterion.name), criterion.published_threshold) for criterion in CRITERIA
    )
    is_unreleased = is_passing & ~pl.lit(_are_among(flat["id"], tables["annotations"]))
    violation = pl.when(is_unreleased).then(pl.lit("passes, not released")).otherwise(pl.lit(""))
    own = [criterion for criterion in CRITERIA if criterion.stage == STAGES[-1].name]
    scored = flat.select("id", "theme", *(pl.col(each.score_column).alias(each.name) for each in own))
    is_asked = pl.col("theme").is_in(looked.themes("annotations").implode())
    return (
        _with_scores(scored, [each for each in CRITERIA if each not in own], tables)
        .select(pl.when(is_asked).then(violation).alias("passing_is_released"))
        .to_series()
    )


def _repeated_labels(tables: Tables) -> pl.Series:
    """``round1_is_repeated``: asked of the samples that both groundings have."""
    first, second = (
        tables[table.name].select("id", pl.col("round1_labels").list.join("; ").alias(name))
        for table, name in ((GROUNDING_R1, "before"), (GROUNDING_R2, "labels"))
    )
    is_same = pl.col("labels") == pl.col("before")
    violation = pl.when(is_same).then(pl.lit("")).when(~is_same).then(pl.col("labels"))
    both = second.join(first.unique("id"), on="id", how="left", maintain_order="left")
    return both.select(violation.alias("round1_is_repeated")).collect(engine="streaming").to_series()


# ------------------------------------------------------------------ of the annotations
def _of_annotations(looked: _Looked) -> list[pl.Series]:
    own = looked.flat.select("id", "theme", "csv_line")
    return [_scored(own, looked), *([_passed(own, looked.tables)] if ASKS_RELEASE else [])]


def _of_all_annotations(looked: _Looked) -> list[pl.Series]:
    paths = looked.tables[looked.table].select("theme", "src_video", "tgt_video")
    return [_in_both_files(looked.flat), _resolved_paths(paths, looked.tables["assets"])]


def _in_both_files(own: pl.DataFrame) -> pl.Series:
    """``stands_in_both_files``: asked where the theme has both files."""
    lines = {"CSV": pl.col("csv_line"), "metadata": pl.col("metadata_line")}
    has_both = pl.all_horizontal(line.count().over("theme") > 0 for line in lines.values())
    lacking = [
        pl.when(line.is_null()).then(pl.lit(f"not in the {name}")).otherwise(pl.lit(""))
        for name, line in lines.items()
    ]
    return own.select(
        pl.when(has_both).then(pl.concat_str(lacking)).alias("stands_in_both_files")
    ).to_series()


def _resolved_paths(paths: pl.LazyFrame, assets: pl.LazyFrame) -> pl.Series:
    """``paths_resolve``: asked of the kinds of video that the theme has any asset of."""
    violations = []
    for column, kind in (("src_video", KIND.source_video), ("tgt_video", KIND.edited_video)):
        of_kind = assets.filter(pl.col("kind") == kind).select("path", "theme").collect()
        is_asked = pl.col("theme").is_in(of_kind["theme"].unique().implode()) & pl.col(column).is_not_null()
        is_there = pl.col(column).is_in(of_kind["path"].implode())
        violation = pl.when(is_there).then(pl.lit("")).otherwise(pl.col(column))
        violations.append(pl.when(is_asked).then(violation))
    both = pl.concat_str(violations, separator=" ", ignore_nulls=True).str.strip_chars()
    is_asked = pl.any_horizontal(violation.is_not_null() for violation in violations)
    return (
        paths.select(pl.when(is_asked).then(both).alias("paths_resolve"))
        .collect(engine="streaming")
        .to_series()
    )


def _scored(own: pl.DataFrame, looked: _Looked) -> pl.Series:
    """``sample_is_scored``: the tables that have the theme and lack the sample; asked of samples of the CSV."""
    lacking = [
        pl.when(
            pl.col("theme").is_in(looked.themes(name).implode())
            & ~pl.lit(_are_among(own["id"], looked.tables[name]))
        ).then(pl.lit(name))
        for name in JSONL_TABLES
    ]
    violation = pl.concat_str(lacking, separator=", ", ignore_nulls=True)
    return own.select(_asked_of_csv(violation).alias("sample_is_scored")).to_series()


def _passed(own: pl.DataFrame, tables: Tables) -> pl.Series:
    """``sample_passes``: the stages whose published threshold the score misses; asked of samples of the CSV."""
    failed = [
        pl.when(~each.is_met(pl.col(each.name), each.published_threshold)).then(
            pl.format("{} {}", pl.lit(each.name), pl.col(each.name))
        )
        for each in CRITERIA
    ]
    violation = pl.concat_str(failed, separator=", ", ignore_nulls=True)
    scored = _with_scores(own.select("id", "csv_line"), CRITERIA, tables)
    return scored.select(_asked_of_csv(violation).alias("sample_passes")).to_series()


def _asked_of_csv(violation: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("csv_line").is_not_null()).then(violation)


# ------------------------------------------------------------------ what they all look up
def _ids(table: pl.LazyFrame) -> pl.Series:
    return table.select("id").collect(engine="streaming")["id"]


def _are_among(ids: pl.Series, table: pl.LazyFrame) -> pl.Series:
    """Whether the table has each id; worked out at once, so that the ids of one table at a time are in memory."""
    return ids.is_in(_ids(table).implode())


def _with_scores(samples: pl.DataFrame, criteria: Iterable[Criterion], tables: Tables) -> pl.DataFrame:
    """The samples in their order, with a column of values for each criterion."""
    for each in criteria:
        scores = tables[each.table].select("id", pl.col(each.score_column).alias(each.name)).unique("id")
        samples = samples.join(scores.collect(), on="id", how="left", maintain_order="left")
    return samples


_OF_SAMPLES: dict[str, _Relate] = {
    "annotations": _of_annotations,
    **{stage.table: _of_scores for stage in STAGES},
    GROUNDING_R1.name: _with_prompts,
    GROUNDING_R2.name: _of_second_grounding,
    "assets": _of_assets,
}
"""Columns of a row that need rows of other tables of its sample alone, and the themes of whole tables."""

_OF_ALL: dict[str, _Relate] = {
    "annotations": _of_all_annotations,
    "assets": lambda looked: [_listed_once(looked.tables["assets"])],
}
"""Columns of a row that need rows of other samples."""
