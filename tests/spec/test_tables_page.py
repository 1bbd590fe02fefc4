"""The page that describes the tables is the one that the descriptions give."""

from __future__ import annotations

from pathlib import Path

from sparkle_curation.spec.tables_page.page import tables_page


def test_the_page_is_up_to_date(checkout: Path) -> None:
    """`docs/tables.md` was made again after the last change of a description."""
    assert (checkout / "docs" / "tables.md").read_text(encoding="utf-8") == tables_page()
