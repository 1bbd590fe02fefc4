"""Suites follow from the descriptions of the columns; they and their rules can be told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.curation.made_tables import table

from sparkle_curation.expectations.bounds import Bounds
from sparkle_curation.expectations.flat_frames import flatten
from sparkle_curation.expectations.rules import Kind, Severities
from sparkle_curation.expectations.suites import SUITE_NAMES, build_suites
from sparkle_curation.release.tables import COLUMNS

BOUNDS = Bounds(0.2, 0.01, 6.0, 9.9, 0.05)
WARNING: Severities = dict.fromkeys(Kind, "warning")


def test_each_table_has_a_suite_in_order() -> None:
    """And the three beside the tables."""
    assert tuple(build_suites(BOUNDS, WARNING)) == SUITE_NAMES
    assert set(COLUMNS) < set(SUITE_NAMES)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_suite_asks_for_columns_that_its_frame_has(name: str) -> None:
    """Each rule's column is in the flat frame, each rule's name there once."""
    suite = build_suites(BOUNDS, WARNING)[name]
    frame = flatten(name, {each: table(each).lazy() for each in suite.reads})
    assert set(suite.columns) <= set(frame.columns)
    assert len({rule.name for rule in suite.rules}) == len(suite.rules)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_required_column_is_asked_for(name: str) -> None:
    """What the description calls required has a rule that says so; what it calls optional has none."""
    rules = {rule.name for rule in build_suites(BOUNDS, WARNING)[name].rules}
    flat = {field.name: field.is_optional for field in COLUMNS[name] if isinstance(field.type, str)}
    assert {f"{column}_is_there" for column, is_optional in flat.items() if not is_optional} <= rules
    assert not {f"{column}_is_there" for column, is_optional in flat.items() if is_optional} & rules


def test_a_bound_that_is_switched_off_has_no_rule() -> None:
    """And the suite is another one, so that its result is made anew."""
    full = build_suites(BOUNDS, WARNING)["release"]
    fewer = build_suites(replace(BOUNDS, max_empty_box_share=None), WARNING)["release"]
    assert {rule.name for rule in full.rules} - {rule.name for rule in fewer.rules} == {"empty_box_share"}
    assert full.digest != fewer.digest


def test_a_result_holds_for_one_content_and_one_severity() -> None:
    """The fingerprint changes with a table that the suite reads, and with nothing that it does not."""
    suite = build_suites(BOUNDS, WARNING)["edited_frame0_scores"]
    contents = dict.fromkeys(COLUMNS, "same")
    same = suite.fingerprint(contents)
    assert suite.fingerprint(contents | {"grounding_r2": "other"}) == same
    assert suite.fingerprint(contents | {"edited_frame0_scores": "other"}) != same
    stricter = build_suites(BOUNDS, {**WARNING, Kind.RANGE: "critical"})["edited_frame0_scores"]
    assert stricter.fingerprint(contents) != same
