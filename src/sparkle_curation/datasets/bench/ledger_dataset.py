"""The ledger of benchmarks on disk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview

from sparkle_curation.bench.results.ledger import add_entries, read_ledger, write_ledger
from sparkle_curation.datasets.previews import json_preview
from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import LockedError
from sparkle_curation.variant.tuned_on_bench import Entry

_LOCKS = ".locks"


class BenchLedgerDataset(AbstractDataset[list[Entry], "list[Entry] | None"]):
    """Lines of JSON that are only ever added to: the file is replaced whole, and locked meanwhile.

    Two runs, of other data roots too, may share one: what the other one has added is kept.

    Args:
        filepath: the file, where nothing else is asked for.
        instead: the file that is asked for; None for none.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            bench_ledger:
              type: sparkle_curation.datasets.BenchLedgerDataset
              filepath: data/08_reporting/bench_ledger.jsonl
              instead: null
    """

    def __init__(
        self, *, filepath: str, instead: str | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(instead or filepath)
        self.metadata = metadata

    def load(self) -> list[Entry] | None:
        """The entries; None where there is no ledger, or nothing in it: what was seen before is not known.

        Raises:
            VersionError: a line cannot be read.
        """
        if not self._exists():
            return None
        return read_ledger(self._path.read_text("utf-8"), where=self._path) or None

    def save(self, data: list[Entry]) -> None:
        """Add the entries that the ledger does not have; where there is none, the file is begun.

        Raises:
            LockedError: another run is about to add some.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        locks = RunLocks(self._path.absolute().parent / _LOCKS, "kedro run --pipelines bench_report")
        try:
            locks.take([Claim(self._path.name, is_writing=True)])
        except LockedError as error:
            raise LockedError(
                "Another run adds to the ledger of benchmarks",
                where=self._path,
                got=error.got,
                todo="wait until it has ended, then: kedro run --pipelines bench_report. A lock ends with its process",
            ) from None
        try:
            present = self.load() or []
            entries = add_entries(present, data, datetime.now(UTC).isoformat(timespec="seconds"))
            if len(entries) > len(present) or not self._exists():
                with atomic_file(self._path) as temporary:
                    temporary.write_text(write_ledger(entries), encoding="utf-8")
        finally:
            locks.release()

    def preview(self) -> JSONPreview:
        """The last entries."""
        return json_preview({"entries": (self.load() or [])[-20:]})

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
