"""What tables of the catalog hold, as short texts that change when the tables do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

import xxhash
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.described_paths import described_paths
from sparkle_curation.datasets.previews import json_preview
from sparkle_curation.datasets.tables.table_dataset import stored_fingerprint
from sparkle_curation.engine.io.parquet import parquet_files, whole_table
from sparkle_curation.engine.table_stream import digest

_CHUNK_BYTES = 1 << 20


class FingerprintsDataset(AbstractDataset[NoReturn, dict[str, str]]):
    """The fingerprints of some tables, by name; read only.

    For a node whose work on the tables is to be skipped while they stay the same. A fingerprint is of every byte of
    the file: one who changes a table by hand keeps the fingerprint that ingestion put into it, often its size, and,
    where numbers stay within the bounds of their row group, even its footer. Times are no part of it, so that a copy
    of a table is that table.

    Args:
        filepaths: the Parquet files, local, by the name of their table, see ``described_paths``.
        optional: names of tables that the node itself writes: theirs is what they were written from, to be compared
            with what they would be now, and empty where there is none yet.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            media_fingerprints:
              type: sparkle_curation.datasets.FingerprintsDataset
              filepaths:
                assets: data/02_intermediate/assets.parquet
                media: data/02_intermediate/media.parquet
              optional: [media]
    """

    def __init__(
        self,
        *,
        filepaths: dict[str, str],
        optional: Sequence[str] = (),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._paths = described_paths(filepaths)
        self._optional = frozenset(optional)
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """The fingerprints, by the name of their table, see ``described_paths``.

        Raises:
            MissingTableError: one was never written, and must be there; or one of its files is gone.
        """
        return {
            name: (stored_fingerprint(path) or "") if name in self._optional else _fingerprint(path)
            for name, path in self._paths.items()
        }

    def save(self, data: NoReturn) -> None:
        """Not possible: a fingerprint is of a table that is there."""
        raise DatasetError("fingerprints are of tables, which are written elsewhere")

    def preview(self) -> JSONPreview:
        """The fingerprints."""
        return json_preview(self.load() if self._exists() else {})

    def _exists(self) -> bool:
        return all(parquet_files(path) for name, path in self._paths.items() if name not in self._optional)

    def _describe(self) -> dict[str, Any]:
        return {"filepaths": {name: str(path) for name, path in self._paths.items()}}


def _fingerprint(path: Path) -> str:
    files = whole_table(path, made_by="ingest")
    if not path.is_dir():
        return _content(path)
    return digest([[file.relative_to(path).as_posix(), _content(file)] for file in files])


def _content(path: Path) -> str:
    facts = path.stat()
    return _content_of(path, facts.st_size, facts.st_ctime_ns, facts.st_ino)


# A run asks for some tables twice.
@lru_cache(maxsize=4096)
def _content_of(path: Path, size: int, _ctime_ns: int, _inode: int) -> str:
    """Size and xxh3-128 of the file. 330 MB, the tables of 140,000 samples, take about 0.1 s where they are cached."""
    digest = xxhash.xxh3_128()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return f"{size}:{digest.hexdigest()}"
