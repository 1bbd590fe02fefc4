"""Suites follow from the descriptions of the columns, and change their digest when they change."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from tests.conftest import CHECKOUT

from sparkle_curation.expectations.rules.foreign_keys import READS
from sparkle_curation.expectations.rules.release_rules import Bounds
from sparkle_curation.expectations.rules.rule import Kind
from sparkle_curation.expectations.suites import SUITE_NAMES, build_suites
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.fields import ListOf, Struct
from sparkle_curation.spec.tables.ingested import COLUMNS

_DECLARED = yaml.safe_load((CHECKOUT / "conf/base/validate/parameters.yml").read_text())["validation"]
BOUNDS, SEVERITIES = Bounds(**_DECLARED["bounds"]), _DECLARED["severity"]
SUITES = build_suites(BOUNDS, SEVERITIES)
"""The suites of the declared parameters."""

CONTENTS = {name: f"of {name}" for name in COLUMNS}


def options(suite: str) -> dict[str, dict[str, object]]:
    """The options of a suite's rules, by name."""
    return {rule.name: dict(rule.options) for rule in SUITES[suite].rules}


def test_every_suite_has_rules_of_names_of_their_own() -> None:
    """In the order in which they are shown, each with a sentence."""
    assert tuple(SUITES) == SUITE_NAMES
    for suite in SUITES.values():
        names = [rule.name for rule in suite.rules]
        assert len(set(names)) == len(names) > 0
        assert all(rule.meaning.endswith(".") for rule in suite.rules)
    assert {rule.kind for suite in SUITES.values() for rule in suite.rules} == set(Kind)


@pytest.mark.parametrize("table", COLUMNS)
def test_what_a_column_must_have_is_asked_of_it(table: str) -> None:
    """A value where it is not optional, nothing missing where it is nested, its bounds where it has any."""
    rules = options(table)
    for column in COLUMNS[table]:
        is_nested = isinstance(column.type, ListOf | Struct)
        assert (f"{column.name}_is_complete" in rules) == is_nested
        assert (f"{column.name}_is_there" in rules) == (not is_nested and not column.is_optional)
        if column.minimum is not None and not is_nested:
            assert rules[f"{column.name}_in_range"]["min_value"] == column.minimum


def test_bounds_of_nested_numbers_are_asked_of_the_lowest_and_the_highest() -> None:
    """A list has both where both are bounded, an object the number itself."""
    videos, stills = options("edited_video_scores"), options("edited_frame0_scores")
    lowest = {"column": "lowest editscore[...].O_score", "min_value": 0.0}
    assert videos["lowest_editscore[...].O_score_in_range"] == lowest
    assert videos["highest_editscore[...].O_score_in_range"]["max_value"] == 10.0
    assert "highest_frame_indices_in_range" not in videos
    assert stills["editscore.overall_in_range"] == {
        "column": "editscore.overall",
        "min_value": 0.0,
        "max_value": 10.0,
    }


def test_each_reason_of_the_quarantine_has_a_rule() -> None:
    """Of its name."""
    assert list(options("quarantine")) == [f"no_{reason}" for reason in Reason]


def test_a_bound_that_is_switched_off_has_no_rule() -> None:
    """One of two that is leaves the other."""
    off = Bounds(None, None, None, 9.9, None)
    rules = {rule.name: rule.options for rule in build_suites(off, SEVERITIES)["release"].rules}
    assert list(rules) == [
        "all_themes",
        "csv_and_metadata_count",
        "edited_frame0_mean",
        "foreground_removed_mean",
        "edited_video_mean",
    ]
    assert rules["edited_video_mean"] == {"column": "edited_video_mean", "max_value": 9.9}


@pytest.mark.parametrize("table", COLUMNS)
def test_a_suite_is_checked_again_when_a_table_changes_that_it_reads(table: str) -> None:
    """And only then."""
    changed = {**CONTENTS, table: "something else"}
    affected = {
        name
        for name, suite in SUITES.items()
        if suite.fingerprint(changed, "code") != suite.fingerprint(CONTENTS, "code")
    }
    readers = {name for name in COLUMNS if table in READS[name]}
    assert affected == {"schemas", "quarantine", "release", *readers}


def test_a_suite_is_checked_again_when_the_code_that_checks_changes() -> None:
    """Every suite, since none knows what code a rule of its is made of."""
    for suite in SUITES.values():
        assert suite.fingerprint(CONTENTS, "code") != suite.fingerprint(CONTENTS, "other code")


def test_a_suite_is_checked_again_when_a_bound_or_a_severity_changes() -> None:
    """The suites that have it."""

    def changed(bounds: Bounds, severities: dict[str, str]) -> set[str]:
        others = build_suites(bounds, severities)  # type: ignore[arg-type]
        return {name for name in SUITE_NAMES if others[name].digest != SUITES[name].digest}

    assert changed(replace(BOUNDS, min_score_std=0.1), SEVERITIES) == {"release"}
    assert changed(BOUNDS, {**SEVERITIES, "boxes": "critical"}) == {"grounding_r1", "grounding_r2"}
    assert changed(BOUNDS, SEVERITIES) == set()
