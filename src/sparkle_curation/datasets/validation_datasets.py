"""Validations on disk: a report each as JSON, and the site that shows them all."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.atomic import atomic_file, atomic_folder
from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.expectations.checking import check
from sparkle_curation.expectations.data_docs import write_data_docs
from sparkle_curation.expectations.reports import Report, Validation, summarise

logger = logging.getLogger(__name__)


class ValidationDataset(AbstractDataset[Validation, Report]):
    """The report of one suite.

    Saving a ``Validation`` makes the check; where the stored report is of the same fingerprint, it is not made
    again. That fingerprint is of the tables' content and of the suite.

    Args:
        filepath: the JSON file.
        metadata: for other tools; Kedro does not look at it.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> Report:
        """The stored report."""
        report: Report = json.loads(self._path.read_text(encoding="utf-8"))
        return report

    def save(self, data: Validation) -> None:
        """Make the check, unless its report is here already."""
        if self._stored_fingerprint() == data.fingerprint:
            logger.info("%s: content and suite unchanged, not validated again", data.suite.name)
            return
        text = json.dumps(check(data), indent=1, ensure_ascii=False)
        with atomic_file(self._path) as temporary:
            temporary.write_text(f"{text}\n", encoding="utf-8")

    def preview(self) -> TablePreview:
        """A row for each rule: whether it is met, and what breaks it."""
        return table_preview(summarise([self.load()]) if self._exists() else NOT_MADE)

    def _stored_fingerprint(self) -> str | None:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # none yet, or not JSON: written by something else, so replace it
            return None
        return stored.get("fingerprint") if isinstance(stored, dict) else None

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


class DataDocsDataset(AbstractDataset[list[Report], str]):
    """The static site of all reports, replaced whole, so that no page of an earlier validation stays.

    Args:
        filepath: the site's folder.
        metadata: for other tools; Kedro does not look at it.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> str:
        """The path of the site's first page."""
        return str(self._path / "index.html")

    def save(self, data: list[Report]) -> None:
        """Write the site, unless it shows these reports already."""
        digest = hashlib.sha256(json.dumps(data).encode()).hexdigest()
        stamp = self._path / "reports.sha256"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
            return
        with atomic_folder(self._path) as temporary:
            write_data_docs(data, temporary)
            (temporary / stamp.name).write_text(digest, encoding="utf-8")

    def _exists(self) -> bool:
        return (self._path / "index.html").is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
