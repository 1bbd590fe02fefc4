"""A violation says what is wrong, is empty where nothing is, and null where nothing was asked."""

from __future__ import annotations

import numpy as np
import polars as pl

from sparkle_curation.expectations.columns import violations


def test_what_differs_is_shown() -> None:
    """A value that is absent was not asked about; one that nothing is wanted for is wrong."""
    frame = pl.DataFrame({"found": ["a", "b", None, "c"], "wanted": ["a", "x", "y", None]})
    found = frame.select(violations.unless_equal(pl.col("found"), pl.col("wanted"))).to_series()
    assert found.to_list() == ["", "b", None, "c"]


def test_counts_are_shown_where_there_are_any() -> None:
    """Nothing is said of 0."""
    counts = pl.Series([0, 2])
    assert pl.select(violations.of_counts(counts, "boxes")).to_series().to_list() == ["", "2 of its boxes"]


def test_a_text_stands_in_the_rows_that_are_named() -> None:
    """However often they are."""
    rows = np.array([2, 0, 2], dtype=np.int32)
    assert violations.in_rows(rows, 4, "odd").to_list() == ["odd", "", "odd", ""]
    assert violations.in_rows(rows[:0], 2, "odd").to_list() == ["", ""]


def test_few_labels_are_named_and_each_once() -> None:
    """Three of a row, in their order."""
    stray = pl.DataFrame({"row": [1, 1, 1, 1, 1, 3], "value": ["a", "b", "a", "c", "d", "e"]})
    assert violations.of_labels(stray, 4).to_list() == ["", "a, b, c, ...", "", "e"]
    assert violations.of_labels(stray.clear(), 2).to_list() == ["", ""]
