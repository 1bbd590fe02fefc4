"""A page of the family on disk: what its place and time give it is put in when it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from sparkle_curation.datasets.previews import TextPreview
from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.pages.frame import DATE, Page, in_words, link_pages


class PageDataset(AbstractDataset[Page, str]):
    """An HTML page, replaced whole or not at all.

    Args:
        filepath: the file.
        release: where the release is, as the page says it.
        pages: the paths of the pages that it links to, by their names.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            variant_page:
              type: sparkle_curation.datasets.PageDataset
              filepath: data/08_reporting/variant.html
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
        release: str = "",
        pages: Mapping[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path, self._shown_release, self._pages = Path(filepath), release, dict(pages or {})
        self.metadata = metadata

    def load(self) -> str:
        """The path of the page."""
        return str(self._path)

    def save(self, data: Page) -> None:
        """Replace the file by the page, with the date of now and links from where it lies; one that says the same stays."""
        now = in_words(datetime.now(UTC))
        links = link_pages(self._pages, self._path)
        header = replace(data.header, release=self._shown_release, made=("Made", now), links=links)
        page = data.render(header)
        if self._exists() and _without_dates(self._path.read_text(encoding="utf-8")) == _without_dates(page):
            return
        with atomic_file(self._path) as temporary:
            temporary.write_text(page, encoding="utf-8")

    def preview(self) -> TextPreview:
        """Where the page is, to be opened in a browser."""
        return TextPreview(str(self._path) if self._exists() else "not made yet")

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


def _without_dates(page: str) -> str:
    return DATE.sub("", page)
