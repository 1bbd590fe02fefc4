"""The annotations of a dataset of another shape: a row for each sample that a record gives.

Memory holds the rows of one theme: of records of one id it is known at the end alone that they contradict each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from xxhash import xxh3_64_intdigest, xxh3_128_hexdigest

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.ingestion import Ingestion, Ledger, PartitionedIngestion
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.ingest.shapes.records import Record, check_members, read_records, table_sources
from sparkle_curation.ingest.shapes.samples import Sample, identity_members, samples_of
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import KIND, asset_path
from sparkle_curation.spec.shape.description import Shape
from sparkle_curation.spec.shape.paths import members_of
from sparkle_curation.spec.tables.ingested import ANNOTATION_COLUMNS
from sparkle_curation.spec.themes import THEMES

ANNOTATION_SCHEMA: pa.Schema = arrow_schema(ANNOTATION_COLUMNS)

_ROWS = 4096


def ingest_shape_annotations(files: ReleaseFiles, shape: Shape) -> PartitionedIngestion:
    """The ingestion of ``annotations``: a partition for each theme, whether or not its records are there."""
    code = code_digest(__name__) + shape.model_dump_json()
    return PartitionedIngestion(
        "annotations", {theme: _ingest_theme(files, shape, theme, code) for theme in THEMES}
    )


def _ingest_theme(files: ReleaseFiles, shape: Shape, theme: str, code: str) -> Ingestion:
    sources = table_sources(files, shape.tables, theme)

    def read(ledger: Ledger) -> Iterator[pa.Table]:
        check_members(files, shape.tables, sources, named_members(shape), shape.max_record_bytes)
        yield _Reading(files, shape, theme, sources).rows(ledger)

    return Ingestion("annotations", ANNOTATION_SCHEMA, sources, files, code, read, theme)


def named_members(shape: Shape) -> dict[str, str]:
    """The members that a description names and some record must have, by their place in it."""
    named = {f"samples.{place}.prompt": form.prompt for place, form in enumerate(shape.samples)}
    if shape.identity:
        named |= {f"identity ({path})": path for path in identity_members(shape.identity)}
    for kind, media in shape.media.items():
        paths = (media.path, media.bytes, media.rle, *members_of(media.template or ""))
        named |= {f"media.{kind} ({path})": path for path in paths if path}
    outer = (shape.tables.each or "").partition(".")[0]
    return {place: path for place, path in named.items() if path.partition(".")[0] != outer or not outer}


class _Reading:
    """One reading of a theme's records."""

    def __init__(self, files: ReleaseFiles, shape: Shape, theme: str, sources: Sequence[SourceFile]) -> None:
        self._files, self._shape, self._theme, self._sources = files, shape, theme, sources
        self._path = shape.tables.path_of(theme)
        self._first: dict[str, tuple[int, int]] = {}  # by id: digest and number of the record that has it
        self._contradicted: set[str] = set()
        self._count = 0

    def rows(self, ledger: Ledger) -> pa.Table:
        """The rows; all else goes to the ledger."""
        tables, rows = [ANNOTATION_SCHEMA.empty_table()], []
        for found in self._samples():
            self._count += 1
            if isinstance(found, Fault):
                ledger.quarantine(self._theme, self._path, [found])
            elif (repeat := self._repeat(found)) is not None:
                ledger.quarantine(self._theme, self._path, [repeat] if isinstance(repeat, Fault) else [])
            else:
                rows.append(_row(found, self._theme))
            if len(rows) == _ROWS:
                tables.append(pa.Table.from_pylist(rows, schema=ANNOTATION_SCHEMA))
                rows = []
        tables.append(pa.Table.from_pylist(rows, schema=ANNOTATION_SCHEMA))
        if self._contradicted:
            self._quarantine_contradicted(ledger)
        if self._sources:
            size = sum(source.size for source in self._sources)
            ledger.close_source(self._theme, self._path, size, self._count, self._content_hash())
            ledger.bytes_read += size
        whole = pa.concat_tables(tables)
        if not self._contradicted:
            return whole
        is_out = pc.is_in(whole["id"], pa.array(sorted(self._contradicted), pa.string()))
        return whole.filter(pc.invert(is_out))

    def _samples(self) -> Iterator[Sample | Fault]:
        for found in read_records(
            self._files, self._shape.tables, self._sources, self._shape.max_record_bytes
        ):
            if isinstance(found, Record):
                yield from samples_of(found, self._shape, self._theme)
            else:
                yield found

    def _repeat(self, sample: Sample) -> Fault | bool | None:
        """What becomes of a sample whose id another one has: a fault, or True where it is one at the end; else None."""
        content = _content(sample.record.members)
        first = self._first.setdefault(sample.id, (content, sample.record.number))
        if first == (content, sample.record.number):
            return None
        if first[0] == content:
            detail = f"the same record as number {first[1]}, which stays"
            return sample.record.fault(Reason.DUPLICATE_IDENTICAL, detail, sample_id=sample.id)
        self._contradicted.add(sample.id)
        return True

    def _quarantine_contradicted(self, ledger: Ledger) -> None:
        """All samples of the ids that records contradict each other about; those that were the same too."""
        for found in self._samples():
            if not isinstance(found, Sample) or found.id not in self._contradicted:
                continue
            content, number = self._first[found.id]
            if number != found.record.number and content == _content(found.record.members):
                continue  # in the quarantine already, as the same again
            detail = (
                f"record {found.record.number} and others give {found.identity[:200]!r} different contents"
            )
            fault = found.record.fault(Reason.DUPLICATE_CONFLICTING, detail, sample_id=found.id)
            ledger.quarantine(self._theme, self._path, [fault])

    def _content_hash(self) -> str:
        hashes = [self._files.content_hash(source.path) for source in self._sources]
        return hashes[0] if len(hashes) == 1 else xxh3_128_hexdigest("".join(hashes).encode())


def _content(members: Mapping[str, Any]) -> int:
    return xxh3_64_intdigest(
        json.dumps(members, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    )


def _row(sample: Sample, theme: str) -> dict[str, object]:
    extras = {
        "identity": sample.identity,
        **({"form": sample.form.name} if sample.form.name else {}),
        **{f"$.{name}": value for name, value in sample.record.members.items() if name != sample.form.prompt},
    }
    return {
        "id": sample.id,
        "theme": theme,
        "prompt": sample.prompt,
        "src_video": asset_path(theme, KIND.source_video, sample.id),
        "tgt_video": asset_path(theme, KIND.edited_video, sample.id),
        "task": sample.id,
        "csv_line": sample.record.number,
        "csv_line_count": 1,
        "extra_fields": json.dumps(extras, ensure_ascii=False, default=str),
    }
