"""Great Expectations finds in a frame what its rules forbid, and names the rows."""

from __future__ import annotations

import threading
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.expectations.test_suites import SEVERITIES, SUITES

from sparkle_curation.expectations.checking import check_all
from sparkle_curation.expectations.pages.reports import MAX_SHOWN, Validation, summarise
from sparkle_curation.expectations.rules.rule import Kind, Rule, Suite
from sparkle_curation.expectations.rules.rule_factories import between, equal, one_of, present, violation

pytestmark = pytest.mark.slow


def suite(*rules: Rule, name: str = "made", key: str = "id") -> Suite:
    """A suite of some rules."""
    return Suite(name, key, rules, SEVERITIES, ())


def check(frame: pl.DataFrame, *rules: Rule) -> dict[str, tuple[int, str]]:
    """Of each rule that is not met, how many rows break it and which."""
    (report,) = check_all([Validation(suite(*rules), "", lambda: frame)])
    unmet = summarise([report]).filter(~pl.col("is_met"))
    return {
        name: (count, ids) for name, count, ids in unmet.select("rule", "failed_count", "failed_ids").rows()
    }


def of_suite(suite_name: str, *names: str) -> list[Rule]:
    """Rules as the suites have them."""
    return [rule for rule in SUITES[suite_name].rules if rule.name in names]


def test_each_form_of_rule_names_the_rows_that_break_it() -> None:
    """A null breaks only the rule that a value is there; a number that is none lies within no bounds."""
    frame = pl.DataFrame(
        {
            "id": list("abcde"),
            "number": [1.0, 10.0, None, 11.0, float("nan")],
            "other": [1.0, 9.0, 5.0, 11.0, None],
            "odd": ["", "x", None, "", "y"],
        }
    )
    found = check(
        frame,
        between("between", Kind.RANGE, "", "number", 1, 10),
        present("number"),
        equal("equal", Kind.DERIVED_VALUE, "", "number", "other"),
        one_of("one_of", Kind.FRAMES, "", "other", [1.0, 5.0, 9.0]),
        violation("odd", Kind.BOXES, "ExpectBoxesToLieInTheFrame", ""),
    )
    assert found == {
        "between": (2, "d; e"),
        "number_is_there": (1, "c"),
        "equal": (1, "b"),
        "one_of": (1, "d"),
        "odd": (2, "b; e"),
    }


def test_ids_follow_the_grammar_and_name_their_theme() -> None:
    """One digit too few or too many, another theme, another word, and no id at all."""
    ids = [
        "Sparkle_time_000001",
        "Sparkle_time_00001",
        "Sparkle_time_0000001",
        "Sparkle_style_000001",
        "x",
        None,
    ]
    frame = pl.DataFrame({"id": ids, "theme": ["time"] * 6, "row": list("abcdef")})
    rules = of_suite("annotations", "id_names_theme")
    (report,) = check_all([Validation(suite(*rules, key="row"), "", lambda: frame)])
    assert summarise([report])["failed_ids"].to_list() == ["b; c; d; e; f"]


def test_a_report_names_ten_rows_and_counts_all() -> None:
    """With what was found in each."""
    frame = pl.DataFrame({"id": [f"n{place}" for place in range(500)], "odd": ["found it"] * 500})
    rule = violation("odd", Kind.BOXES, "ExpectBoxesToLieInTheFrame", "")
    (report,) = check_all([Validation(suite(rule), "", lambda: frame)])
    (result,) = report["result"]["results"]
    assert result["result"]["unexpected_count"] == 500
    rows = result["result"]["partial_unexpected_index_list"]
    assert len(rows) == MAX_SHOWN
    assert rows[3] == {"id": "n3", "found": "found it"}


def test_an_empty_frame_breaks_no_rule_of_a_row() -> None:
    """There is nothing to be wrong."""
    empty = pl.DataFrame(schema={"id": pl.String, "number": pl.Float64, "odd": pl.String})
    rules = [between("b", Kind.RANGE, "", "number", 1), violation("odd", Kind.BOXES, "ExpectKeywords", "")]
    assert check(empty, *rules, present("number")) == {}


def test_a_large_frame_is_found_as_a_small_one() -> None:
    """It is checked a slice at a time, and one frame is there; results, counts and shown rows are the same."""
    count = 23
    frame = pl.DataFrame(
        {
            "id": [f"Sparkle_time_{place % 9:06}" if place % 5 else None for place in range(count)],
            "row": [f"r{place}" for place in range(count)],
            "theme": ["time", "style", None] * 7 + ["time", "x"],
            "number": [None, 1.0, float("nan"), 11.0, 3.0, 20.0, 3.0] * 3 + [0.0, 1.0],
            "other": [1.0, 1.0, None, 11.0, 2.0] * 4 + [0.0, None, 7.0],
            "seldom": [""] * 15 + ["odd"] + [None] * 7,
            "once": list(range(count)),
            "nothing": pl.Series([None] * count, dtype=pl.String),
        }
    )
    rules = [
        *(between(f"at_most_{most}", Kind.RANGE, "", "number", None, most) for most in (0, 2, 30)),
        *of_suite("annotations", "id_names_theme", "theme_is_known", "id_is_unique"),
        *(
            Rule(f"{name}_once", Kind.UNIQUENESS, "", "ExpectColumnValuesToBeUnique", {"column": name})
            for name in ("once", "nothing", "other")
        ),
        *(present(name) for name in ("id", "once", "nothing")),
        equal("equal", Kind.DERIVED_VALUE, "", "number", "other"),
        one_of("one_of", Kind.FRAMES, "", "other", [1.0, 5.0, 9.0]),
        *(violation(name, Kind.BOXES, "ExpectKeywords", "") for name in ("seldom", "nothing")),
        Rule(
            "all",
            Kind.THEMES,
            "",
            "ExpectColumnDistinctValuesToEqualSet",
            {"column": "theme", "value_set": ["x"]},
        ),
    ]
    told = [Validation(suite(*rules, name=name, key="row"), name, lambda: frame) for name in "ab"]
    small, large = list(check_all(told)), list(check_all(told, most_rows=8))
    for one, other in zip(small, large, strict=True):
        for found, again in zip(one["result"]["results"], other["result"]["results"], strict=True):
            assert repr(_lasting(found)) == repr(_lasting(again))  # a number that is none equals not itself
        for name in ("success", "statistics", "suite_name"):
            assert one["result"][name] == other["result"][name]
    assert_frame_equal(summarise(small), summarise(large))


def _lasting(found: dict[str, Any]) -> dict[str, Any]:
    """What is found of a rule, without the number that each run gives it."""
    config = {name: value for name, value in found["expectation_config"].items() if name != "id"}
    return {**found, "expectation_config": config}


def test_reports_come_in_order_while_the_next_frame_is_worked_out() -> None:
    """Two frames at most are there: the third is begun when the first has been checked."""
    begun: list[str] = []

    def validation(name: str) -> Validation:
        def frame() -> pl.DataFrame:
            begun.append(name)
            assert threading.current_thread() is not threading.main_thread()
            return pl.DataFrame({"id": [name]})

        return Validation(suite(present("id"), name=name), name, frame)

    reports = check_all([validation(name) for name in "abcd"])
    seen = [(report["suite"], begun[:]) for report in reports]
    assert [name for name, _ in seen] == list("abcd")
    assert all(len(before) <= place + 2 for place, (_, before) in enumerate(seen))
    assert list(check_all([])) == []


def test_a_frame_that_fails_and_a_rule_that_cannot_be_checked_are_raised() -> None:
    """Neither is mistaken for a rule that is not met."""

    def failing() -> pl.DataFrame:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(check_all([Validation(suite(present("id")), "", failing)]))
    texts = pl.DataFrame({"id": ["a"], "number": ["a text"]})
    with pytest.raises(RuntimeError, match="made: a rule could not be checked"):
        check(texts, between("between", Kind.RANGE, "", "number", 1))
