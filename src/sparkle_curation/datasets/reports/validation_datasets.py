"""Validations on disk: a report each as JSON, and the site that shows them all."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.io.atomic import atomic_file, atomic_folder
from sparkle_curation.engine.io.format_version import (
    FormatVersionError,
    with_format_version,
    without_format_version,
)
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.expectations.checking import check_all
from sparkle_curation.expectations.pages import data_docs
from sparkle_curation.expectations.pages.data_docs import Site, site_digest, write_data_docs
from sparkle_curation.expectations.pages.reports import Report, Validation, summarise
from sparkle_curation.expectations.suites import SUITE_NAMES

logger = logging.getLogger(__name__)


class ValidationsDataset(AbstractDataset[Sequence[Validation], list[Report]]):
    """The reports of all suites, a JSON file each.

    Saving ``Validation``s makes the checks; one whose stored report is of the same fingerprint is not made again.
    That fingerprint is of the tables' content and of the suite. Reports of suites that are no more are removed.

    Args:
        filepath: the folder.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            validations:
              type: sparkle_curation.datasets.ValidationsDataset
              filepath: data/08_reporting/validations
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> list[Report]:
        """The stored reports, in the order of ``expectations.suites``."""
        return [self._read(self._path_of(name)) for name in SUITE_NAMES]

    def save(self, data: Sequence[Validation]) -> None:
        """Make the checks whose reports are not here already; each is written as soon as it is made."""
        changed = [each for each in data if self._stored_fingerprint(each.suite.name) != each.fingerprint]
        for validation in data:
            if validation not in changed:
                logger.info("%s: content and suite unchanged, not validated again", validation.suite.name)
        if changed:
            logger.info("validations: %d suites are checked", len(changed))
        with item_progress("validations", len(changed)) as done:
            for count, report in enumerate(check_all(changed), start=1):
                text = json.dumps(with_format_version(report), indent=1, ensure_ascii=False)
                with atomic_file(self._path_of(report["suite"])) as temporary:
                    temporary.write_text(f"{text}\n", encoding="utf-8")
                done(count, 0)
        self._prune({validation.suite.name for validation in data})

    def _prune(self, names: set[str]) -> None:
        for path in self._path.glob("*.json"):
            if path.stem not in names:
                path.unlink()

    def preview(self) -> TablePreview:
        """A row for each rule: whether it is met, and what breaks it."""
        return table_preview(summarise(self.load()) if self._exists() else NOT_MADE)

    def _stored_fingerprint(self, suite: str) -> str | None:
        try:
            return self._read(self._path_of(suite)).get("fingerprint")
        except (
            OSError,
            ValueError,
            FormatVersionError,
        ):  # none yet, or written by something else: replace it
            return None

    def _read(self, path: Path) -> Report:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(stored, dict):
            raise ValueError(f"{path} is no report")  # noqa: TRY004 -- as for what is no JSON
        return without_format_version(stored, where=path, made_by="validate")

    def _path_of(self, suite: str) -> Path:
        return self._path / f"{suite}.json"

    def _exists(self) -> bool:
        return all(self._path_of(name).is_file() for name in SUITE_NAMES)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


class DataDocsDataset(AbstractDataset[tuple[list[Report], str], str]):
    """The static site of all reports, replaced whole, so that no page of an earlier validation stays.

    Args:
        filepath: the site's folder.
        release: where the release is, as the pages say it.
        pages: the paths of the pages that it links to, by their names.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            data_docs:
              type: sparkle_curation.datasets.DataDocsDataset
              filepath: data/08_reporting/data_docs
              release: data/01_raw/sparkle_sample
              pages:
                Variant: data/08_reporting/variant.html
                Card: data/05_model_input/kiwi_edit/README.md
                Data Docs: data/08_reporting/data_docs/index.html
    """

    def __init__(
        self,
        *,
        filepath: str,
        release: str,
        pages: Mapping[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path, self._about = Path(filepath), Site(release, pages=dict(pages or {}))
        self.metadata = metadata

    def load(self) -> str:
        """The path of the site's first page."""
        return str(self._path / "index.html")

    def save(self, data: tuple[list[Report], str]) -> None:
        """Write the site, unless this code has written it of these reports already.

        Args:
            data: the reports, and the version of the data that they are of.
        """
        reports, data_version = data
        about = replace(self._about, data_version=data_version)
        code = code_digest(data_docs.__name__, glue=[__name__])
        digest = site_digest(reports, about, code)
        stamp = self._path / "site.sha256"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
            return
        with atomic_folder(self._path) as temporary:
            write_data_docs(reports, temporary, about, self._path)
            (temporary / stamp.name).write_text(digest, encoding="utf-8")

    def _exists(self) -> bool:
        return (self._path / "index.html").is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
