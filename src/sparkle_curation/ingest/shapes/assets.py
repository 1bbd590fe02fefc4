"""The assets of a dataset of another shape: a row for each file that a trusted record names, where it is found.

A file that several samples name is a row of each: many edits of one source. What is counted are the files that records name:
each is a row or in the quarantine.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pyarrow as pa

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.ingestion import Ingestion, Ledger, PartitionedIngestion
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.shapes.finder import Finder, MaskMaker, file_columns
from sparkle_curation.ingest.shapes.known import Known, trusted_samples
from sparkle_curation.ingest.shapes.places import MediaPlaces
from sparkle_curation.ingest.shapes.records import table_sources
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.shape.description import Shape
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS
from sparkle_curation.spec.themes import THEMES

logger = logging.getLogger(__name__)

ASSET_SCHEMA: pa.Schema = arrow_schema(ASSET_COLUMNS)

_ROWS = 4096


def ingest_shape_assets(
    files: ReleaseFiles, shape: Shape, known: Known, make_mask: MaskMaker
) -> PartitionedIngestion:
    """The ingestion of ``assets``: a partition for each theme.

    Args:
        files: the release.
        shape: its shape.
        known: the samples of the annotations.
        make_mask: packs masks of other forms.
    """
    code = code_digest(__name__, make_mask.__module__) + shape.model_dump_json()
    return PartitionedIngestion(
        "assets", {theme: _ingest_theme(files, shape, theme, known, make_mask, code) for theme in THEMES}
    )


def _ingest_theme(
    files: ReleaseFiles, shape: Shape, theme: str, known: Known, make_mask: MaskMaker, code: str
) -> Ingestion:
    records = table_sources(files, shape.tables, theme)
    places = MediaPlaces(files, shape, theme)
    roots = {media.root.strip("/") for media in shape.media.values() if media.path or media.template}
    sources = [*records, *(each for each in places.sources(iter(sorted(roots))) if each not in records)]

    def read(ledger: Ledger) -> Iterator[pa.Table]:
        path, count, size = shape.tables.path_of(theme), 0, sum(source.size for source in records)
        finder = Finder(shape, theme, places, make_mask)
        used: set[tuple[str, int]] = set()
        rows: list[dict[str, object]] = []
        for sample in trusted_samples(files, shape, theme, known, file_columns(shape)):
            for found in finder.files_of(sample):
                count += 1
                if isinstance(found, Fault):
                    ledger.quarantine(theme, path, [found])
                else:
                    rows.append(found)
                    used.add((str(found["container"] or found["path"]), int(str(found["offset"]))))
            if len(rows) >= _ROWS:
                yield pa.Table.from_pylist(rows, schema=ASSET_SCHEMA)
                rows = []
        yield pa.Table.from_pylist(rows, schema=ASSET_SCHEMA)
        for archive in dict.fromkeys(archive for archive, _ in places.archive_faults):
            faults = [fault for of, fault in places.archive_faults if of == archive]
            ledger.quarantine(theme, archive, faults)
            ledger.close_source(
                theme,
                archive,
                sum(each.byte_count for each in faults),
                sum(each.line_count for each in faults),
            )
        if records:
            ledger.close_source(theme, path, size, count)
            logger.info("assets of %s: %s files of the release are named by records", theme, f"{len(used):,}")
        ledger.bytes_read += sum(source.size for source in sources)

    marked = code + (places.converted.generation() if shape.is_converted else "")
    return Ingestion("assets", ASSET_SCHEMA, sources, files, marked, read, theme)
