"""The annotations: each theme's training CSV joined with its metadata JSONL."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import polars as pl
import pyarrow as pa
from xxhash import xxh3_128_hexdigest

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.csv.clean_csv import read_clean_csv
from sparkle_curation.ingest.csv.csv_records import CsvRecord, csv_records
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.file_starts import START_BYTES, check_text
from sparkle_curation.ingest.ingestion import Ingestion, Ledger, PartitionedIngestion, present
from sparkle_curation.ingest.jsonl.blocks import HEAD_BYTES
from sparkle_curation.ingest.jsonl.duplicates import named_lines
from sparkle_curation.ingest.jsonl.prompt_index import PromptIndex
from sparkle_curation.ingest.jsonl.table import JsonlFile, JsonlRows, Prompts
from sparkle_curation.ingest.jsonl.unknown_members import MAX_TOLD
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import annotation_paths
from sparkle_curation.spec.sample_ids import ID_DIGITS, id_form, parse_sample_id
from sparkle_curation.spec.tables.ingested import ANNOTATION_COLUMNS, CSV_COLUMNS, METADATA_RECORD
from sparkle_curation.spec.themes import THEMES

logger = logging.getLogger(__name__)

ANNOTATION_SCHEMA: pa.Schema = arrow_schema(ANNOTATION_COLUMNS)


def ingest_annotations(files: ReleaseFiles) -> PartitionedIngestion:
    """The ingestion of ``annotations``: a partition for each theme, whether or not its CSV and metadata are there."""
    code = code_digest(__name__)
    return PartitionedIngestion("annotations", {theme: _ingest_theme(files, theme, code) for theme in THEMES})


def _ingest_theme(files: ReleaseFiles, theme: str, code: str) -> Ingestion:
    csv_path, metadata_path = annotation_paths(theme)
    sources = present(files, [csv_path, metadata_path])
    by_path = {source.path: source for source in sources}

    def read(ledger: Ledger) -> Iterator[pa.Table]:
        samples = _read_csv(files, by_path.get(csv_path), theme, ledger)
        metadata = read_metadata(files, by_path.get(metadata_path), theme, samples, ledger)
        yield _joined(theme, samples, metadata)

    return Ingestion("annotations", ANNOTATION_SCHEMA, sources, files, code, read, theme)


def annotation_prompts(annotations: pl.LazyFrame) -> Prompts:
    """The prompts of the annotations by theme, collected when the first is asked for."""
    frames: dict[str, pl.DataFrame] = {}

    def of_theme(theme: str) -> PromptIndex:
        if not frames:
            collected = annotations.select("theme", "id", "prompt").collect()
            frames.update({key: collected.filter(pl.col("theme") == key) for key in THEMES})
        return _prompt_index(frames[theme])

    return of_theme


def _prompt_index(samples: pl.DataFrame) -> PromptIndex:
    numbers = samples["id"].str.tail(ID_DIGITS).cast(pl.Int64).to_numpy()
    return PromptIndex(numbers, samples["prompt"].to_arrow().cast(pa.string()))


# ------------------------------------------------------------------ the CSV
_CSV_PREFIX = "csv."
"""Stands before the name of an unknown column in ``extra_fields``; a member of the metadata has ``$.``."""

_CSV_SCHEMA = {
    "id": pl.String,
    **dict.fromkeys(CSV_COLUMNS, pl.String),
    "csv_line": pl.Int32,
    "csv_line_count": pl.Int32,
    "csv_extras": pl.String,
}


def _read_csv(files: ReleaseFiles, source: SourceFile | None, theme: str, ledger: Ledger) -> pl.DataFrame:
    """One row per trusted record of the CSV, in file order; the rest goes to the ledger."""
    if source is None:
        return pl.DataFrame(schema=_CSV_SCHEMA)
    with files.open(source.path) as stream:
        data = stream.read()
    check_text(data[:START_BYTES], source.path)
    ledger.bytes_read += source.size
    clean = read_clean_csv(data, theme)
    if clean is not None:
        ledger.close_source(theme, source.path, source.size, data.count(b"\n") - 1, xxh3_128_hexdigest(data))
        return clean.with_columns(pl.lit(None, pl.String).alias("csv_extras"))
    found = csv_records(data)
    header_record = header_of(next(found, None), source.path, CSV_COLUMNS)
    header = header_record.cells
    kept, faults = [], _unknown_columns(header_record, source.path)
    for record in found:
        fault = record if isinstance(record, Fault) else _record_fault(record, header, theme)
        if fault is not None:
            faults.append(fault)
        elif isinstance(record, CsvRecord):
            kept.append(record)
    task = header.index("task")
    kept, repeats = without_repeats(kept, lambda record: record.cells[task])
    ledger.quarantine(theme, source.path, sorted([*faults, *repeats], key=lambda fault: fault.line or 0))
    # The lines of the header are lines of the file, but no record.
    line_count = data.count(b"\n") + (not data.endswith(b"\n")) - header_record.line_count
    ledger.close_source(theme, source.path, source.size, line_count, xxh3_128_hexdigest(data))
    return pl.DataFrame([_csv_row(record, header) for record in kept], schema=_CSV_SCHEMA, orient="row")


def header_of(record: CsvRecord | Fault | None, path: str, columns: Sequence[str]) -> CsvRecord:
    """The first record of a CSV, which has the columns.

    Raises:
        ReleaseError: it has them not, or one of them twice.
    """
    header = record.cells if isinstance(record, CsvRecord) else []
    if isinstance(record, CsvRecord) and set(columns) <= set(header) and len(set(header)) == len(header):
        return record
    raise ReleaseError(
        "A CSV has another header than it should have",
        where=f"{path}, line 1",
        got=",".join(header) or "no header",
        allowed=",".join(columns) + ", and further columns of other names",
        todo="restore the file as it was published, or move it elsewhere to go on without it",
    )


def _unknown_columns(header: CsvRecord, path: str) -> list[Fault]:
    """A warning for each column that the card does not name, said in the log too; one for those past ``MAX_TOLD``."""
    unknown = [name for name in header.cells if name not in CSV_COLUMNS]
    told = {f"{_CSV_PREFIX}{name}": f"column {name}" for name in unknown[:MAX_TOLD]}
    further = len(unknown) - MAX_TOLD
    if further > 0:
        told[_CSV_PREFIX] = f"column of {further} further ones"
    for name in told.values():
        logger.warning("%s: the card names no %s; kept in extra_fields", path, name)
    faults = {
        json_path: header.fault(
            Reason.UNKNOWN_FIELD, f"the card names no {name}; its cells are kept in extra_fields"
        )
        for json_path, name in told.items()
    }
    return [
        replace(fault, raw=fault.raw[:HEAD_BYTES], json_path=json_path) for json_path, fault in faults.items()
    ]


def _record_fault(record: CsvRecord, header: list[str], theme: str) -> Fault | None:
    cells = dict(zip(header, record.cells, strict=True))
    sample_id = parse_sample_id(cells["task"])
    empty = [name for name in CSV_COLUMNS if not cells[name]]
    if empty:
        detail = f"{empty[0]} is empty; it is required"
        return record.fault(Reason.MISSING_FIELD, detail, sample_id=cells["task"] or None)
    if sample_id is None or sample_id.theme != theme:
        detail = f"task: got {cells['task']!r}, allowed {id_form(theme)}"
        return record.fault(Reason.BAD_SAMPLE_ID, detail, sample_id=str(sample_id) if sample_id else None)
    return None


def without_repeats(
    records: list[CsvRecord], id_of: Callable[[CsvRecord], str]
) -> tuple[list[CsvRecord], list[Fault]]:
    """The records that stay, and the faults of those whose id another record has too."""
    if len({id_of(record) for record in records}) == len(records):
        return records, []
    kept, faults = [], []
    for sample_id, repeats in groupby(sorted(records, key=id_of), key=id_of):
        first, *others = repeats
        if all(other.cells == first.cells for other in others):
            kept.append(first)
            detail = f"the same record as line {first.line}, which stays"
            faults += [
                other.fault(Reason.DUPLICATE_IDENTICAL, detail, sample_id=sample_id) for other in others
            ]
        else:
            detail = f"{named_lines([each.line for each in (first, *others)])} give this id different records"
            faults += [
                each.fault(Reason.DUPLICATE_CONFLICTING, detail, sample_id=sample_id)
                for each in (first, *others)
            ]
    return sorted(kept, key=lambda record: record.line), faults


def _csv_row(record: CsvRecord, header: list[str]) -> tuple[object, ...]:
    cells = dict(zip(header, record.cells, strict=True))
    extras = {f"{_CSV_PREFIX}{name}": value for name, value in cells.items() if name not in CSV_COLUMNS}
    return (
        cells["task"],
        *(cells[name] for name in CSV_COLUMNS),
        record.line,
        record.line_count,
        json.dumps(extras, ensure_ascii=False) if extras else None,
    )


# ------------------------------------------------------------------ the metadata
_METADATA_SCHEMA = {
    "id": pl.String,
    "metadata_prompt": pl.String,
    "edit_type": pl.String,
    "chosen_keyword": pl.String,
    "original_scene": pl.String,
    "metadata_line": pl.Int32,
    "metadata_extras": pl.String,
}


def read_metadata(
    files: ReleaseFiles, source: SourceFile | None, theme: str, samples: pl.DataFrame, ledger: Ledger
) -> pl.DataFrame:
    """One row per trusted line of the metadata, in file order; the rest goes to the ledger.

    Args:
        files: the release, or a benchmark.
        source: the file; None where there is none.
        theme: the theme that its ids must have.
        samples: ``id`` and ``prompt`` of the CSV; a prompt that is another one there is a warning.
        ledger: takes what cannot be trusted.
    """
    if source is None:
        return pl.DataFrame(schema=_METADATA_SCHEMA)
    records = JsonlFile(files, source, theme, METADATA_RECORD, _prompt_index(samples))
    pieces = [_metadata_rows(rows) for rows in records.read(ledger)]
    metadata = pl.concat([pl.DataFrame(schema=_METADATA_SCHEMA), *pieces])
    # Not yet handed out, so taken back here: the sample's row stays if the CSV has it.
    retracted = sorted(ledger.retracted.pop(theme, ()))
    return metadata.filter(~pl.col("metadata_line").is_in(retracted))


def _metadata_rows(rows: JsonlRows) -> pl.DataFrame:
    extras = [rows.extras.get(line) for line in rows.source_lines.tolist()]
    return (
        pl.DataFrame(pl.from_arrow(rows.table))
        .unnest("metadata")
        .rename({"prompt": "metadata_prompt"})
        .with_columns(
            pl.Series("metadata_line", rows.source_lines.astype(np.int32)),
            pl.Series("metadata_extras", extras, pl.String),
        )
    )


def _joined(theme: str, samples: pl.DataFrame, metadata: pl.DataFrame) -> pa.Table:
    """One row per sample of either file: those of the CSV in its order, then those of the metadata alone."""
    keyword = pl.col("chosen_keyword").str.splitn(": ", 2)
    joined = (
        samples.join(metadata, on="id", how="full", coalesce=True)
        .sort("csv_line", "metadata_line", nulls_last=True)
        .with_columns(
            pl.lit(theme).alias("theme"),
            pl.coalesce("prompt", "metadata_prompt").alias("prompt"),
            keyword.struct.field("field_0").alias("subtheme"),
            keyword.struct.field("field_1").alias("scene"),
            pl.struct("csv_extras", "metadata_extras")
            .map_elements(_merged_extras, return_dtype=pl.String)
            .alias("extra_fields")
            if samples["csv_extras"].count() or metadata["metadata_extras"].count()
            else pl.lit(None, pl.String).alias("extra_fields"),
        )
    )
    return joined.select(ANNOTATION_SCHEMA.names).to_arrow().cast(ANNOTATION_SCHEMA)


def _merged_extras(texts: dict[str, str | None]) -> str | None:
    """Several JSON objects as one; None where there are none."""
    found = [json.loads(text) for text in texts.values() if text]
    merged = {name: value for each in found for name, value in each.items()}
    return json.dumps(merged, ensure_ascii=False) if merged else None
