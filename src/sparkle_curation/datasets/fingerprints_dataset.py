"""What tables of the catalog hold, as short texts that change when the tables do."""

from __future__ import annotations

from collections.abc import Sequence
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
        optional: names of tables that may not be there yet; their fingerprint is then empty.
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
        if name in self._optional and not path.is_file():
            return ""
        return stored_fingerprint(path) or _facts_of(path)

    def _exists(self) -> bool:
        return all(path.is_file() for name, path in self._paths.items() if name not in self._optional)

    def _describe(self) -> dict[str, Any]:
        return {"filepaths": {name: str(path) for name, path in self._paths.items()}}


def _facts_of(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_size}:{facts.st_mtime_ns}"
