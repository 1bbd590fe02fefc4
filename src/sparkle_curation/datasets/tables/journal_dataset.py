"""Journals of costly work as datasets of the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
from kedro.io.core import AbstractDataset, DatasetError
from kedro.utils import load_obj

from sparkle_curation.engine.journal.journal import Journal


class JournalDataset(AbstractDataset[NoReturn, Journal]):
    """A journal, which a node opens, reads and appends to.

    It is neither an output of a run nor one of DVC's, so that neither clears away what was done.

    Args:
        filepath: the journal, a local file; made when it is first opened.
        schema: where its Arrow schema is, ``sparkle_curation.media.probe.inspection.JOURNAL_SCHEMA``.
        retried_errors: values of its column ``error`` whose work is done again by the next run.
        metadata: for other tools; Kedro does not look at it.
    """

    def __init__(
        self,
        *,
        filepath: str,
        schema: str,
        retried_errors: Sequence[str] = (),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path, self._schema, self._retried_errors = Path(filepath), schema, tuple(retried_errors)
        self.metadata = metadata

    def load(self) -> Journal:
        """The journal, not yet open."""
        schema = load_obj(self._schema)
        if not isinstance(schema, pa.Schema):
            raise DatasetError(f"{self._schema} is no Arrow schema")
        return Journal(self._path, schema, retried_errors=self._retried_errors)

    def save(self, data: NoReturn) -> None:
        """Never: a node appends to the journal that it loads."""
        raise DatasetError(f"the journal {self._path} is appended to, not saved")

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path), "schema": self._schema}
