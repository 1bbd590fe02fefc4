"""What tables of the catalog hold, as short texts that change when the tables do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.table_dataset import stored_fingerprint


class FingerprintsDataset(AbstractDataset[NoReturn, dict[str, str]]):
    """The fingerprints of some tables, by name; read only, a few kilobytes of each file are read.

    For a node whose work on the tables is to be skipped while they stay the same. A table that was not written
    from a stream carries none, and the size and time of its file stand for it.

    Args:
        filepaths: the Parquet files, local, by the name of their table.
        metadata: for other tools; Kedro does not look at it.
    """

    def __init__(self, *, filepaths: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        self._paths = {name: Path(path) for name, path in filepaths.items()}
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """The fingerprints, by the name of their table."""
        return {name: stored_fingerprint(path) or _facts_of(path) for name, path in self._paths.items()}

    def save(self, data: NoReturn) -> None:
        """Not possible: each table's fingerprint is written with the table."""
        raise DatasetError("fingerprints are written with their tables")

    def _exists(self) -> bool:
        return all(path.is_file() for path in self._paths.values())

    def _describe(self) -> dict[str, Any]:
        return {"filepaths": {name: str(path) for name, path in self._paths.items()}}


def _facts_of(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_size}:{facts.st_mtime_ns}"
