"""The forms that most rules have: a column within bounds, two columns that agree, a column of violations."""

from __future__ import annotations

from collections.abc import Mapping

from sparkle_curation.expectations.rules.rule import Kind, Rule


def violation(name: str, kind: Kind, expectation: str, meaning: str, **options: object) -> Rule:
    """A rule on the column of its own name, which holds what was found wrong."""
    return Rule(name, kind, meaning, expectation, {"column": name, **options})


def present(column: str) -> Rule:
    """The rule that a column has a value in every row."""
    meaning = f"`{column}` has a value in every row."
    expectation = "ExpectColumnValuesToNotBeNull"
    return Rule(f"{column}_is_there", Kind.MISSING_VALUE, meaning, expectation, {"column": column})


def between(
    name: str,
    kind: Kind,
    meaning: str,
    column: str,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Rule:
    """The rule that a column's numbers keep their bounds; None for no bound."""
    options = {"column": column, **_given(minimum, maximum)}
    return Rule(name, kind, meaning, "ExpectNumbersToBeBetween", options)


def equal(name: str, kind: Kind, meaning: str, left: str, right: str) -> Rule:
    """The rule that two columns agree in each row; not asked where either is null."""
    options = {"column_A": left, "column_B": right, "ignore_row_if": "either_value_is_missing"}
    return Rule(name, kind, meaning, "ExpectColumnPairValuesToBeEqual", options)


def one_of(name: str, kind: Kind, meaning: str, column: str, values: list[object]) -> Rule:
    """The rule that a column has these values, and no others."""
    options = {"column": column, "value_set": values}
    return Rule(name, kind, meaning, "ExpectColumnValuesToBeInSet", options)


def worded(minimum: float | None, maximum: float | None) -> str:
    """The bounds in words.

    >>> worded(0, 10)
    'at least 0 and at most 10'
    """
    words = {"min_value": "at least", "max_value": "at most"}
    return " and ".join(f"{words[key]} {bound:g}" for key, bound in _given(minimum, maximum).items())


def _given(minimum: float | None, maximum: float | None) -> Mapping[str, float]:
    bounds = {"min_value": minimum, "max_value": maximum}
    return {key: bound for key, bound in bounds.items() if bound is not None}
