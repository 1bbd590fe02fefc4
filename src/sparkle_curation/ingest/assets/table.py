"""The table of assets, read from shards and loose folders."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.ingest.assets.listing import (
    ASSET_SCHEMA,
    AssetSource,
    find_asset_sources,
    list_assets,
    unknown_tars,
)
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.ingestion import Ingestion, Ledger, PartitionedIngestion
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.codes.quarantine_reasons import Reason

_UNKNOWN_TARS = "unknown_tars"


def ingest_assets(files: ReleaseFiles) -> PartitionedIngestion:
    """The ingestion of ``assets``: every member of every shard, and every loose file, of all themes and kinds.

    A shard is a partition, and so is a loose folder: ``{theme}/{kind}_part{number}`` and ``{theme}/{kind}``. Shards
    are walked header by header and never unpacked. A tar of a name that the layout does not know is quarantined whole;
    such tars are one partition, without rows.
    """
    code = code_digest(__name__)
    partitions = {
        f"{source.theme}/{source.name}": _ingest_source(files, source, code)
        for source in find_asset_sources(files)
    }
    partitions[_UNKNOWN_TARS] = _ingest_unknown(files, code)
    return PartitionedIngestion("assets", partitions)


def _ingest_source(files: ReleaseFiles, source: AssetSource, code: str) -> Ingestion:
    def read(ledger: Ledger) -> Iterator[pa.Table]:
        rows, faults, record_count = list_assets(files, source)
        ledger.quarantine(source.theme, source.path, faults)
        ledger.close_source(source.theme, source.path, source.size_bytes, record_count)
        ledger.bytes_read += source.size_bytes
        yield rows

    return Ingestion("assets", ASSET_SCHEMA, source.files, files, code, read)


def _ingest_unknown(files: ReleaseFiles, code: str) -> Ingestion:
    tars = unknown_tars(files)

    def read(ledger: Ledger) -> Iterator[pa.Table]:
        for tar in tars:
            detail = "allowed: {theme}_{kind}_partNN.tar, with intermediates under intermediate_data/"
            # A name that is not UTF-8 is a name all the same.
            name = tar.path.encode("utf-8", "surrogateescape")
            ledger.quarantine(None, tar.path, [Fault(Reason.UNEXPECTED_PATH, detail, name, 0, tar.size)])
            ledger.close_source(None, tar.path, tar.size, 1)
        yield ASSET_SCHEMA.empty_table()

    return Ingestion("assets", ASSET_SCHEMA, tars, files, code, read)
