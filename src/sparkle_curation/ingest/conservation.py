"""Nothing lost: what was read against what became of it, source by source.

The records of a source are counted while it is read; its rows are counted in the table that was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import polars as pl

from sparkle_curation.errors import ConservationError
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import (
    ASSET_KINDS,
    annotation_paths,
    asset_folder,
    parse_shard_path,
    shard_path,
)
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.spec.themes import THEMES

Frames = Mapping[str, pl.LazyFrame]

_COUNTS = ("record_count", "row_count", "quarantined_count", "excluded_count", "warning_count")


def expected_sources() -> pl.DataFrame:
    """One row per source that a whole release has: table, theme, path. Assets are expected by kind.

    The path of an asset kind is that of its loose folder; it counts as present when a shard or the folder is.
    """
    rows = [
        *(("annotations", theme, path) for theme in THEMES for path in annotation_paths(theme)),
        *(
            (table.name, theme, table.path_of(theme))
            for table in JSONL_TABLES.values()
            if table.has_source
            for theme in THEMES
        ),
        *_expected_assets(),
    ]
    return pl.DataFrame(rows, schema=["table", "theme", "path"], orient="row")


def _expected_assets() -> list[tuple[str, str, str]]:
    if shape := dataset().shape:
        return [("assets", theme, shape.tables.path_of(theme)) for theme in THEMES]
    return [("assets", theme, asset_folder(theme, kind)) for theme in THEMES for kind in ASSET_KINDS]


def count_sources(tables: Frames, quarantine: pl.LazyFrame, source_files: Frames) -> pl.DataFrame:
    """One row per source, found or expected: its records, and the rows and quarantined records they became.

    Args:
        tables: the ingested tables by name.
        quarantine: the quarantine of all tables.
        source_files: each table's list of sources by table name.

    Returns:
        ``table, theme, path, is_present, size_bytes, record_count, row_count, quarantined_count, excluded_count,
        warning_count``, in the order of ingestion, the absent ones of a table last. For a CSV ``row_count``
        counts the lines that the rows take.

    Raises:
        ConservationError: the records of a source are not its rows plus its quarantined and its excluded records.
    """
    sources = pl.concat([frame.collect() for frame in source_files.values()])
    rows = pl.concat([rows_by_path(name, frame) for name, frame in tables.items()])
    amount = pl.col("line_count").cast(pl.Int64)
    quarantined = (
        quarantine.group_by("table", "path")
        .agg(
            amount.filter(~pl.col("is_row_kept")).sum().alias("quarantined_count"),
            pl.col("is_row_kept").sum().cast(pl.Int64).alias("warning_count"),
        )
        .collect()
    )
    counts = (
        sources.join(rows, on=["table", "path"], how="full", coalesce=True, maintain_order="left_right")
        .join(quarantined, on=["table", "path"], how="full", coalesce=True, maintain_order="left_right")
        .with_columns(pl.col(_COUNTS).fill_null(0))
        .with_columns(
            pl.col("record_count", "excluded_count").cast(pl.Int64), pl.lit(True).alias("is_present")
        )
    )
    _check(counts)
    return _ordered(pl.concat([counts, _absent(counts)], how="diagonal"), list(tables))


def absences(counts: pl.DataFrame) -> list[str]:
    """What a whole release has and this one lacks, a line for each set of themes; empty when nothing is missing.

    >>> told = absences(expected_sources().with_columns(is_present=pl.col("theme") != THEMES[0]))
    >>> told == [f"the whole theme {THEMES[0]}"]
    True
    """
    present = counts.filter("is_present")
    if present.is_empty():
        return [f"everything: the folder holds no file of {dataset().title}"]
    missing_themes = [theme for theme in THEMES if theme not in set(present["theme"])]
    there = [theme for theme in THEMES if theme not in missing_themes]
    absent = counts.filter(~pl.col("is_present") & ~pl.col("theme").is_in(missing_themes))
    themes_by_part: dict[str, list[str]] = {}
    for theme, path in absent.select("theme", "path").rows():
        # What the path says without its theme: ``{theme}_train.csv``, or the kind of an asset folder.
        part = path.rpartition("/")[2].replace(f"{theme}_", "{theme}_")
        themes_by_part.setdefault(part, []).append(theme)
    parts_by_themes: dict[str, list[str]] = {}
    for part, themes in themes_by_part.items():
        whose = "of any theme" if len(themes) == len(there) else f"of {', '.join(themes)}"
        parts_by_themes.setdefault(whose, []).append(part)
    return [
        *(f"the whole theme {theme}" for theme in missing_themes),
        *(f"{whose}: {', '.join(parts)}" for whose, parts in parts_by_themes.items()),
    ]


def shard_gaps(counts: pl.DataFrame) -> list[str]:
    """Shards that are not there although one with a higher part number is; the first of a gap, and its last.

    A shard that is missing at the end is not known: no file says how many there are.

    >>> from functools import partial
    >>> of = partial(shard_path, THEMES[0], next(iter(ASSET_KINDS)))
    >>> gaps = shard_gaps(pl.DataFrame({"path": [of(0), of(3)], "is_present": True}))
    >>> gaps == [f"{of(1)} to {of(2)}"]
    True
    """
    parts: dict[tuple[str, str], list[int]] = {}
    for path in counts.filter("is_present")["path"]:
        if shard := parse_shard_path(path):
            parts.setdefault((shard.theme, shard.kind), []).append(shard.part)
    gaps = []
    for (theme, kind), numbers in parts.items():
        for before, after in pairwise([-1, *sorted(numbers)]):
            first, last = (shard_path(theme, kind, part) for part in (before + 1, after - 1))
            if after - before > 1:
                gaps.append(first if first == last else f"{first} to {last}")
    return gaps


def rows_by_path(name: str, table: pl.LazyFrame) -> pl.DataFrame:
    """Rows (for a CSV: the lines they take) of each source of a table: table, path, row_count."""
    if name == "assets":
        by_path = _asset_rows(table)
    elif name == "annotations":
        by_path = _annotation_rows(table)
    else:
        counted = table.group_by("theme").len("row_count").collect()
        by_path = counted.select(
            pl.col("theme")
            .replace_strict(
                {theme: JSONL_TABLES[name].path_of(theme) for theme in THEMES},
                return_dtype=pl.String,
            )
            .alias("path"),
            "row_count",
        )
    return by_path.select(pl.lit(name).alias("table"), "path", pl.col("row_count").cast(pl.Int64))


def _annotation_rows(table: pl.LazyFrame) -> pl.DataFrame:
    counted = (
        table.group_by("theme")
        .agg(pl.col("csv_line_count").sum().alias("csv"), pl.col("metadata_line").count().alias("metadata"))
        .collect()
    )
    rows = [
        (path, count)
        for theme, *counts in counted.rows()
        for path, count in zip(
            annotation_paths(theme), counts, strict=False
        )  # of a dataset with a shape the first alone
        if count
    ]
    return pl.DataFrame(rows, schema={"path": pl.String, "row_count": pl.Int64}, orient="row")


def _asset_rows(table: pl.LazyFrame) -> pl.DataFrame:
    if shape := dataset().shape:  # the records name the files
        of_themes = table.group_by("theme").len("row_count").collect().rows()
        rows = [(shape.tables.path_of(theme), count) for theme, count in of_themes]
        return pl.DataFrame(rows, schema={"path": pl.String, "row_count": pl.Int64}, orient="row")
    counted = table.group_by("container", "theme", "kind").len("row_count").collect()
    rows = [
        (container or asset_folder(theme, kind), count) for container, theme, kind, count in counted.rows()
    ]
    return pl.DataFrame(rows, schema={"path": pl.String, "row_count": pl.Int64}, orient="row")


def _check(counts: pl.DataFrame) -> None:
    accounted = pl.col("row_count") + pl.col("quarantined_count") + pl.col("excluded_count")
    wrong = counts.filter(pl.col("record_count") != accounted)
    if wrong.is_empty():
        return
    first = wrong.row(0, named=True)
    raise ConservationError(
        "A source's records are not its rows plus its quarantined and excluded records",
        where=f"{first['table']}: {first['path']}"
        + (f" and {wrong.height - 1} more" if wrong.height > 1 else ""),
        got=f"{first['record_count']} read, {first['row_count']} rows, {first['quarantined_count']} quarantined, "
        f"{first['excluded_count']} excluded",
        allowed="read = rows + quarantined + excluded",
        todo="delete data/02_intermediate/ and run again; if it stays, report it: this is a defect of this project",
    )


def _absent(counts: pl.DataFrame) -> pl.DataFrame:
    found = {(table, path) for table, path in counts.select("table", "path").rows()}
    # A shard stands for the folder that extracting it would fill.
    shards = {
        asset_folder(theme, kind)
        for theme in THEMES
        for kind in ASSET_KINDS
        for table, path in found
        if table == "assets"
        and (shard := parse_shard_path(path))
        and (shard.theme, shard.kind) == (theme, kind)
    }
    return (
        expected_sources()
        .filter(
            ~pl.struct("table", "path").map_elements(
                lambda row: (row["table"], row["path"]) in found or row["path"] in shards,
                return_dtype=pl.Boolean,
            )
        )
        .with_columns(
            pl.lit(False).alias("is_present"),
            pl.lit(0, pl.Int64).alias("size_bytes"),
            *(pl.lit(0, pl.Int64).alias(name) for name in _COUNTS),
        )
    )


def _ordered(counts: pl.DataFrame, tables: list[str]) -> pl.DataFrame:
    columns = [
        "table",
        "theme",
        "path",
        "is_present",
        "size_bytes",
        "record_count",
        "row_count",
        "quarantined_count",
        "excluded_count",
        "warning_count",
    ]
    rank = {name: position for position, name in enumerate(tables)}
    order = pl.col("table").replace_strict(rank, default=len(rank), return_dtype=pl.Int32)
    theme = pl.col("theme").cast(pl.Enum(THEMES))
    return counts.sort(order, ~pl.col("is_present"), theme, nulls_last=True, maintain_order=True).select(
        columns
    )
