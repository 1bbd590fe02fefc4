"""The expectations of our own, checked by Great Expectations itself on literal frames."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sparkle_curation.expectations.checking import check
from sparkle_curation.expectations.reports import Validation
from sparkle_curation.expectations.rules import Kind, Rule, Suite

WARNING = dict.fromkeys(Kind, "warning")
IDS = ["Sparkle_time_000001", "Sparkle_time_000002", "Sparkle_time_000003"]


def checked(frame: pl.DataFrame, expectation: str, **options: Any) -> dict[str, Any]:
    """The result of one rule on a frame that is keyed by ``id``."""
    rule = Rule("the_rule", Kind.RANGE, "What must hold.", expectation, options)
    suite = Suite("made", "id", (rule,), WARNING, ())
    (found,) = check(Validation(suite, "fingerprint", lambda: frame))["result"]["results"]
    return dict(found)


def failing(found: dict[str, Any]) -> list[str]:
    """The ids of the rows at fault."""
    return [row["id"] for row in found["result"].get("partial_unexpected_index_list", [])]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "bounds", "at_fault"),
    [
        ([1.0, 2.0, 3.0], {"min_value": 1, "max_value": 3}, []),
        ([0.999, 2.0, 3.001], {"min_value": 1, "max_value": 3}, [0, 2]),
        ([None, 0.0, 9.0], {"min_value": 1}, [1]),
        ([None, 0.0, 9.0], {"max_value": 1}, [2]),
    ],
)
def test_numbers_keep_their_bounds(
    values: list[float | None], bounds: dict[str, float], at_fault: list[int]
) -> None:
    """Both bounds are inclusive, and a null is not asked about."""
    frame = pl.DataFrame({"id": IDS, "number": pl.Series(values, dtype=pl.Float64)})
    found = checked(frame, "ExpectNumbersToBeBetween", column="number", **bounds)
    assert failing(found) == [IDS[place] for place in at_fault]
    assert found["success"] is not at_fault or not at_fault


@pytest.mark.slow
def test_an_id_follows_the_grammar_and_names_its_theme() -> None:
    """Another theme, another number of digits, blanks and nothing are each at fault."""
    ids = ["Sparkle_time_000001", "Sparkle_style_000001", "Sparkle_time_00001", " Sparkle_time_000001", ""]
    frame = pl.DataFrame({"id": ids, "theme": ["time"] * len(ids)})
    found = checked(frame, "ExpectSampleIdsToNameTheirTheme", column_A="id", column_B="theme")
    assert failing(found) == ids[1:]


@pytest.mark.slow
def test_a_finding_that_is_not_empty_is_shown_with_its_row() -> None:
    """An empty finding is fine, a null one was not asked for."""
    frame = pl.DataFrame({"id": IDS, "finding": ["", "this is wrong", None]})
    found = checked(frame, "ExpectKeywords", column="finding")
    assert not found["success"]
    assert found["result"]["partial_unexpected_index_list"] == [{"id": IDS[1], "found": "this is wrong"}]


@pytest.mark.slow
def test_one_reason_of_the_quarantine_does_not_stand_for_another() -> None:
    """Each reason has a rule of its own."""
    frame = pl.DataFrame({"id": IDS, "reason": ["invalid_json", "blank_line", "invalid_json"]})
    options = {"column": "reason", "meaning": "It is."}
    assert failing(checked(frame, "ExpectNothingQuarantined", reason="invalid_json", **options)) == [
        IDS[0],
        IDS[2],
    ]
    assert checked(frame, "ExpectNothingQuarantined", reason="link", **options)["success"]
