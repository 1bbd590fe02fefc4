"""The tables of a member, as its own pipelines left them; read in a process that works with its description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.io.parquet import parquet_files, scan_parquet
from sparkle_curation.errors import MissingTableError, StaleTableError
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.ingested import ANNOTATION_COLUMNS, ASSET_COLUMNS, COLUMNS, GROUNDING_TABLES
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
from sparkle_curation.spec.tables.verdicts import VERDICT_COLUMNS
from sparkle_curation.variant.provenance import identify_data

VARIANT = "05_model_input/kiwi_edit"
"""The folder of the variant in a data root."""

_TABLES = {
    "annotations": ("02_intermediate/annotations.parquet", "ingest", ANNOTATION_COLUMNS),
    "assets": ("02_intermediate/assets.parquet", "ingest", ASSET_COLUMNS),
    "media": ("02_intermediate/media.parquet", "inspect", MEDIA_COLUMNS),
    "verdicts": ("03_primary/verdicts.parquet", "filter", VERDICT_COLUMNS),
}
"""What a member must have: where it lies, what makes it, its columns."""

_SOURCE_FILES = "02_intermediate/source_files/{table}.parquet"
_HASHES = "02_intermediate/frame_hashes.parquet"
_LEAKAGE = "02_intermediate/benchmark/bench_leakage.parquet"
_SIGNALS = "07_model_output/signals.parquet"


@dataclass(frozen=True)
class MemberTables:
    """What is read of a member.

    Attributes:
        annotations: as ingested.
        assets: as ingested.
        source_files: those of the assets.
        data: digest of all that was ingested, as the record of a variant has it.
        media: as inspected.
        verdicts: of its own curation, one row per known sample.
        with_prompts: tables by name in which prompts stand too.
        signals: without columns where they were not measured.
        frame_hashes: without columns where ``near_duplicates`` was not run.
        bench_leakage: what it shares with its own benchmark; without columns where ``bench_ingest`` was not run.
    """

    annotations: AnyFrame
    assets: AnyFrame
    source_files: AnyFrame
    data: str
    media: AnyFrame
    verdicts: pl.DataFrame
    with_prompts: Mapping[str, AnyFrame]
    signals: AnyFrame
    frame_hashes: AnyFrame
    bench_leakage: AnyFrame


def read_tables(root: Path) -> MemberTables:
    """The tables of a data root.

    Raises:
        MissingTableError: one that is needed was not made.
        StaleTableError: one has other columns than this version of the project and the description give it.
        FormatVersionError: one is of a later version of this project.
    """
    found = {}
    for name, (path, made_by, columns) in _TABLES.items():
        table = scan_parquet(root / path, made_by=made_by)
        there = table.collect_schema().names()
        if lacking := [field.name for field in columns if field.name not in there]:
            raise StaleTableError(
                f"Its table {name} is one of another description, or of an earlier version of this project",
                where=root / path,
                got=f"no column {', '.join(lacking[:3])}",
                allowed="the columns that its description gives the table now",
            )
        found[name] = table
    scores = {
        each.table: _optional(root / f"02_intermediate/scores/{each.table}.parquet", "ingest")
        for each in STAGES
    }
    groundings = {
        name: _optional(root / f"02_intermediate/{name}.parquet", "ingest") for name in GROUNDING_TABLES
    }
    told = {
        name: table
        for name, table in {**scores, **groundings}.items()
        if "prompt" in table.collect_schema().names()
    }
    return MemberTables(
        found["annotations"],
        found["assets"],
        scan_parquet(root / _SOURCE_FILES.format(table="assets"), made_by="ingest"),
        identify_data(
            pl.concat(
                scan_parquet(root / _SOURCE_FILES.format(table=name), made_by="ingest") for name in COLUMNS
            ).collect()
        ).digest,
        found["media"],
        found["verdicts"].collect(),
        told,
        _optional(root / _SIGNALS, "signals"),
        _optional(root / _HASHES, "near_duplicates"),
        _optional(root / _LEAKAGE, "bench_ingest"),
    )


def _optional(path: Path, made_by: str) -> pl.LazyFrame:
    """The table; without columns where it was never made."""
    try:
        return scan_parquet(path, made_by=made_by)
    except MissingTableError:
        if parquet_files(path):
            raise
        return pl.LazyFrame()
