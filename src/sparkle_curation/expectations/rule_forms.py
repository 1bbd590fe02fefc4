"""The forms that most rules have: a number between bounds, a finding that is empty."""

from __future__ import annotations

from collections.abc import Mapping

from sparkle_curation.expectations.rules import Kind, Rule
from sparkle_curation.release.fields import Field


def between(name: str, column: str, field: Field) -> Rule:
    """The rule that a column keeps the bounds of a field."""
    bounds = {"min_value": field.minimum, "max_value": field.maximum}
    given = {key: bound for key, bound in bounds.items() if bound is not None}
    return Rule(
        name,
        Kind.RANGE,
        f"`{column}` is {worded(given)}.",
        "ExpectNumbersToBeBetween",
        {"column": column, **given},
    )


def worded(bounds: Mapping[str, float]) -> str:
    """Bounds in words.

    >>> worded({"min_value": 0, "max_value": 10})
    'at least 0 and at most 10'
    """
    words = {"min_value": "at least", "max_value": "at most"}
    return " and ".join(f"{words[key]} {bound:g}" for key, bound in bounds.items())


def finding(name: str, kind: Kind, expectation: str, meaning: str, **options: object) -> Rule:
    """A rule on the column of its own name, which holds what was found wrong."""
    return Rule(name, kind, meaning, expectation, {"column": name, **options})
