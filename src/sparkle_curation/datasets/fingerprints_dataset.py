"""What tables of the catalog hold, as short texts that change when the tables do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import xxhash
from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.table_dataset import stored_fingerprint

_END_BYTES = 8
"""A Parquet file ends with the length of its footer, four bytes, and four letters."""


class FingerprintsDataset(AbstractDataset[NoReturn, dict[str, str]]):
    """The fingerprints of some tables, by name; read only, a few kilobytes of each file are read.

    For a node whose work on the tables is to be skipped while they stay the same. A fingerprint is what the table
    was written from, and a digest of the file's footer, which holds the place, length and bounds of each piece of a
    column: a table that was changed by hand and kept its metadata has another one.

    Args:
        filepaths: the Parquet files, local, by the name of their table.
        optional: names of tables that the node itself writes: theirs is what they were written from alone, to be
            held against what they would be now, and empty where there is none yet.
        metadata: for other tools; Kedro does not look at it.
    """

    def __init__(
        self,
        *,
        filepaths: dict[str, str],
        optional: Sequence[str] = (),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._paths = {name: Path(path) for name, path in filepaths.items()}
        self._optional = frozenset(optional)
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """The fingerprints, by the name of their table."""
        return {name: self._fingerprint(name, path) for name, path in self._paths.items()}

    def save(self, data: NoReturn) -> None:
        """Not possible: each table's fingerprint is written with the table."""
        raise DatasetError("fingerprints are written with their tables")

    def _fingerprint(self, name: str, path: Path) -> str:
        stored = stored_fingerprint(path)
        return stored or "" if name in self._optional else f"{stored}:{_digest_end(path)}"

    def _exists(self) -> bool:
        return all(path.is_file() for name, path in self._paths.items() if name not in self._optional)

    def _describe(self) -> dict[str, Any]:
        return {"filepaths": {name: str(path) for name, path in self._paths.items()}}


def _digest_end(path: Path) -> str:
    """xxh3-128 of the footer and the size of a Parquet file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END_BYTES))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, size - _END_BYTES - length))
        return xxhash.xxh3_128_hexdigest(file.read() + size.to_bytes(8, "little"))
