"""The table of assets, read from shards and loose folders."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

import pyarrow as pa

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.ingest.assets.listing import (
    ASSET_SCHEMA,
    AssetSource,
    find_asset_sources,
    unknown_files,
)
from sparkle_curation.ingest.assets.walks import Walks
from sparkle_curation.ingest.faults import Fault, raw_text
from sparkle_curation.ingest.ingestion import Ingestion, Ledger, PartitionedIngestion
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.spec.codes.quarantine_reasons import Reason

logger = logging.getLogger(__name__)

_UNKNOWN = "unknown_files"


def ingest_assets(files: ReleaseFiles) -> PartitionedIngestion:
    """The ingestion of ``assets``: every member of every shard, and every loose file, of all themes and kinds.

    A shard is a partition, and so is a loose folder: ``{theme}/{kind}_part{number}`` and ``{theme}/{kind}``. Shards
    are walked header by header and never unpacked. A tar of a name that the layout does not know is quarantined whole,
    and so is a file whose name is not UTF-8; such files are one partition, without rows.
    """
    code, walks = code_digest(__name__), Walks(files)
    sources = {f"{source.theme}/{source.name}": source for source in find_asset_sources(files)}
    partitions = {path: _ingest_source(files, source, walks, code) for path, source in sources.items()}
    partitions[_UNKNOWN] = _ingest_unknown(files, code)

    def ahead(paths: Sequence[str]) -> AbstractContextManager[None]:
        return walks.ahead([sources[path] for path in paths if path in sources])

    return PartitionedIngestion("assets", partitions, ahead)


def _ingest_source(files: ReleaseFiles, source: AssetSource, walks: Walks, code: str) -> Ingestion:
    def read(ledger: Ledger) -> Iterator[pa.Table]:
        rows, faults, record_count = walks.listing(source)
        ledger.quarantine(source.theme, source.path, faults)
        ledger.close_source(source.theme, source.path, source.size_bytes, record_count)
        ledger.bytes_read += source.size_bytes
        if source.part is not None and not rows.num_rows:
            logger.warning(
                "%s is there, and no asset of it can be read: %s", source.path, _first_reason(faults)
            )
        yield rows

    links = (SourceFile(path, 0, reason) for path, reason in source.refused_links)
    return Ingestion("assets", ASSET_SCHEMA, [*source.files, *links], files, code, read, source.theme)


def _ingest_unknown(files: ReleaseFiles, code: str) -> Ingestion:
    unknown = unknown_files(files)

    def read(ledger: Ledger) -> Iterator[pa.Table]:
        for file in unknown:
            detail = (
                "allowed: {theme}_{kind}_partNN.tar, with intermediates under intermediate_data/"
                if file.path.endswith(".tar")
                else "the name is not UTF-8, as that of no file of a release is; the file is not read"
            )
            # A name that is not UTF-8 is a name all the same.
            name = file.path.encode("utf-8", "surrogateescape")
            ledger.quarantine(None, file.path, [Fault(Reason.UNEXPECTED_PATH, detail, name, 0, file.size)])
            ledger.close_source(None, file.path, file.size, 1)
        yield pa.Table.from_batches([], ASSET_SCHEMA)

    return Ingestion("assets", ASSET_SCHEMA, unknown, files, code, read)


def _first_reason(faults: Sequence[Fault]) -> str:
    if not faults:
        return "it holds no file"
    first = faults[0]
    where = f" ({raw_text(first.raw)})" if first.raw else ""
    further = f", and {len(faults) - 1:,} more" if len(faults) > 1 else ""
    return storable(f"{first.reason}: {first.detail}{where}{further}")
