"""Samples that say their licences themselves stand by these, and not by what is described of their theme."""

from __future__ import annotations

import json

import polars as pl
import pytest
from tests.made.tables import annotations, assets, csv_row, known

from sparkle_curation.errors import ParameterError
from sparkle_curation.filtering.choices import ExportScope
from sparkle_curation.filtering.own_licences import count_own_licences, find_own_licences, licence_texts
from sparkle_curation.variant.export import compose

RELEASED, FREE, BOUND, BROKEN = (f"Sparkle_location_{number:06d}" for number in (1, 2, 3, 4))
NO_PROMPTS = pl.DataFrame(schema={"id": pl.String, "prompt": pl.String, "table": pl.String})


def row(sample: str, licences: object) -> dict[str, object]:
    """A row of the CSV whose metadata have a further member."""
    return {**csv_row(sample), "extra_fields": json.dumps({"$.licences": licences})}


TABLE = annotations(
    {**csv_row(RELEASED), "extra_fields": json.dumps({"$.note": '"$.licences"'})},
    row(FREE, ["CC0-1.0", "apache-2.0"]),
    row(BOUND, ["cc-by-4.0", "flux-non-commercial-license"]),
    row(BROKEN, "cc-by-4.0"),
)


def exported(*licence_allow: str) -> list[str]:
    """The samples that may be exported where these licences are allowed."""
    scope = ExportScope(licence_allow=licence_allow or None)
    found, barred = compose(known(RELEASED, FREE, BOUND, BROKEN), TABLE, NO_PROMPTS, assets(), scope)
    assert found.height + barred.height == 4
    return found["id"].to_list()


def test_each_licence_of_a_sample_must_be_allowed() -> None:
    """That of its theme says nothing of it; what says none in a form that can be read is unknown."""
    assert exported() == [RELEASED, FREE, BOUND, BROKEN]
    assert exported("cc-by-4.0") == [RELEASED]
    assert exported("cc0-1.0", "apache-2.0") == [FREE]
    assert exported("cc-by-4.0", "flux-non-commercial-license") == [RELEASED, BOUND]
    assert exported("unknown") == [BROKEN]


def test_a_licence_that_nothing_has_is_told() -> None:
    """With those that something has."""
    with pytest.raises(ParameterError, match=r"(?s)got: +cc-by-5.*allowed: apache-2\.0.*cc-by-4\.0"):
        exported("cc-by-4.0", "cc-by-5")


def test_they_are_counted_and_told_in_words() -> None:
    """By theme, all that hold for a sample together."""
    own = find_own_licences(TABLE)
    samples = known(RELEASED, FREE, BOUND, BROKEN)
    assert licence_texts(samples, own).to_list() == [
        "cc-by-4.0",
        "cc0-1.0 and apache-2.0",
        "cc-by-4.0 and flux-non-commercial-license",
        "unknown",
    ]
    counts = count_own_licences(samples, own)
    assert counts == {
        "location": {
            "cc-by-4.0 and flux-non-commercial-license": 1,
            "cc0-1.0 and apache-2.0": 1,
            "unknown": 1,
        }
    }
