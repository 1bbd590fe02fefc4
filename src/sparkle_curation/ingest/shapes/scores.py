"""The scores of a stage of values: members of the records, or of records in files of their own that are joined with them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.ingestion import Ingestion, Ledger, PartitionedIngestion
from sparkle_curation.ingest.jsonl.line_decoder import LineFaultError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.shapes.known import Known, trusted_samples
from sparkle_curation.ingest.shapes.records import Record, read_records, table_sources
from sparkle_curation.ingest.shapes.samples import described_identity, id_of
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.description.slices import stage_slice
from sparkle_curation.spec.shape.description import JoinedScores, Shape
from sparkle_curation.spec.shape.paths import member
from sparkle_curation.spec.stages import Criterion
from sparkle_curation.spec.tables.ingested import JsonlTable
from sparkle_curation.spec.themes import THEMES

_ROWS = 4096


def ingest_shape_scores(
    table: JsonlTable, files: ReleaseFiles, shape: Shape, known: Known
) -> PartitionedIngestion:
    """The ingestion of a stage's scores: a partition for each theme, whether or not its records are there."""
    code = code_digest(__name__) + shape.model_dump_json()
    if not table.criteria:  # groundings, which no shape has
        nothing = Ingestion(
            table.name, table.schema, [], files, code, lambda _: iter([table.schema.empty_table()])
        )
        return PartitionedIngestion(table.name, dict.fromkeys(THEMES, nothing))
    code += stage_slice(table.stage)
    return PartitionedIngestion(
        table.name, {theme: _ingest_theme(table, files, shape, theme, known, code) for theme in THEMES}
    )


def _ingest_theme(
    table: JsonlTable, files: ReleaseFiles, shape: Shape, theme: str, known: Known, code: str
) -> Ingestion:
    joined = shape.joined_of(table.stage)
    own = table_sources(files, shape.tables, theme)
    others = table_sources(files, joined.files, theme) if joined else []

    def read(ledger: Ledger) -> Iterator[pa.Table]:
        found = _joined(files, shape, joined, theme, known) if joined else _inline(files, shape, theme, known)
        path, count = table.path_of(theme), 0
        rows: list[dict[str, object]] = []
        for each in found:
            count += 1
            row = each if isinstance(each, Fault) else _row(table, shape, theme, *each)
            if isinstance(row, Fault):
                ledger.quarantine(theme, path, [row])
            else:
                rows.append(row)
            if len(rows) == _ROWS:
                yield pa.Table.from_pylist(rows, schema=table.schema)
                rows = []
        yield pa.Table.from_pylist(rows, schema=table.schema)
        read_from = others if joined else own
        if read_from:
            size = sum(source.size for source in read_from)
            ledger.close_source(theme, path, size, count)
            ledger.bytes_read += size

    return Ingestion(table.name, table.schema, [*own, *others], files, code, read, theme)


_Found = Iterator[tuple[Record, str, str] | Fault]
"""Of each record its sample's id and prompt."""


def _inline(files: ReleaseFiles, shape: Shape, theme: str, known: Known) -> _Found:
    for sample in trusted_samples(files, shape, theme, known):
        yield sample.record, sample.id, sample.prompt


def _joined(files: ReleaseFiles, shape: Shape, joined: JoinedScores, theme: str, known: Known) -> _Found:
    samples, seen = known(theme), set[str]()
    sources = table_sources(files, joined.files, theme)
    for found in read_records(files, joined.files, sources, shape.max_record_bytes):
        if isinstance(found, Fault):
            yield found
            continue
        try:
            sample_id = id_of(described_identity(found.members, joined.identity), theme)
        except LineFaultError as error:
            yield found.fault(error.reason, error.detail, json_path=error.json_path)
            continue
        if sample_id not in samples:
            detail = "no record that is trusted has this identity"
            yield found.fault(Reason.UNKNOWN_SAMPLE, detail, sample_id=sample_id)
        elif sample_id in seen:
            detail = "scores of this identity stand before; those stay"
            yield found.fault(Reason.DUPLICATE_CONFLICTING, detail, sample_id=sample_id)
        else:
            seen.add(sample_id)
            yield found, sample_id, samples[sample_id][1]


def _row(
    table: JsonlTable, shape: Shape, theme: str, record: Record, sample_id: str, prompt: str
) -> dict[str, object] | Fault:
    try:
        values = {name: _value(record.members, shape, each) for name, each in table.criteria.items()}
    except LineFaultError as error:
        return record.fault(error.reason, error.detail, json_path=error.json_path, sample_id=sample_id)
    own = {"id": sample_id, "theme": theme, "prompt": prompt}
    return {**own, **values, "source_line": record.number, "extra_fields": None}


def _value(members: Mapping[str, Any], shape: Shape, criterion: Criterion) -> float:
    """The value of a criterion: that of its member, or what those of several, or of a list, come to.

    Raises:
        LineFaultError: one is absent, no number, or outside the scale.
    """
    paths = shape.score_members.get(criterion.field, (criterion.field,))
    values = [_number(value, path, criterion) for path in paths for value in _each(member(members, path))]
    if len(values) == 1:
        return values[0]
    if criterion.reducer is None or not values:
        where = f"$.{paths[0]}"
        detail = (
            f"{where}: got {len(values)} scores, allowed one, or a reducer for criterion {criterion.name}"
        )
        raise LineFaultError(Reason.WRONG_TYPE, detail, where)
    return criterion.reduce(values)


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _number(value: Any, path: str, criterion: Criterion) -> float:
    where, (low, high) = f"$.{path}", criterion.scale
    if value is None or value == "":
        raise LineFaultError(Reason.MISSING_FIELD, f"{where} is absent, null or empty; it is required", where)
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None:
        raise LineFaultError(Reason.WRONG_TYPE, f"{where}: got {str(value)[:80]!r}, allowed a number", where)
    if not math.isfinite(number):
        raise LineFaultError(Reason.NOT_FINITE, f"{where}: got {value}, allowed a finite number", where)
    if not low <= number <= high:
        detail = f"{where}: got {number:g}, allowed {low:g} to {high:g}"
        raise LineFaultError(Reason.SCORE_OUT_OF_RANGE, detail, where)
    return number
