"""The record of a variant: it says what the card says, and is read again as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.made.tables import annotations, csv_row
from tests.variant.test_card import ALSO, GOOD, LOW, facts_of

from sparkle_curation.engine.io.format_version import FormatVersionError
from sparkle_curation.errors import VersionError
from sparkle_curation.variant.record import identify_variant, name_libraries, read_record, write_record


def test_a_record_is_read_as_it_was_written() -> None:
    """Every fact of it, counts and versions too."""
    facts = replace(
        facts_of(GOOD, ALSO), settings={"split.seed": 3}, version="ab" * 16, libraries=name_libraries()
    )
    found = read_record(write_record(facts), where="variant.json")
    assert_frame_equal(found.counts, facts.counts)
    assert replace(found, counts=facts.counts) == facts
    assert {"python", "kedro", "polars"} <= set(found.libraries)


@pytest.mark.parametrize(
    ("member", "value", "error"),
    [
        ("dataset", "other", VersionError),
        ("splits", None, VersionError),
        ("code", {"commit": "0f1e"}, VersionError),
        ("format_version", 99, FormatVersionError),
    ],
)
def test_a_record_that_cannot_be_right_is_one_error(member: str, value: object, error: type) -> None:
    """One of another dataset, of another shape or of a later version; never half of it."""
    text = json.dumps({**json.loads(write_record(facts_of(GOOD))), member: value})
    with pytest.raises(error, match=r"variant\.json"):
        read_record(text, where="variant.json")


def test_the_version_is_of_the_rows_and_their_order() -> None:
    """Another prompt, split or order in a theme is another version; what no CSV holds, and which theme is first, is not."""
    rows = annotations(csv_row(GOOD), csv_row(LOW), csv_row(ALSO)).with_columns(split=pl.lit("train"))
    others = [
        rows.with_columns(prompt=pl.lit("another")),
        rows.with_columns(split=pl.lit("val")),
        rows.reverse(),
        rows.head(1),
        rows.head(0),
    ]
    versions = [identify_variant(each) for each in (rows, *others)]
    assert len(set(versions)) == len(versions)
    assert identify_variant(rows.with_columns(csv_line=pl.lit(9), edit_type=pl.lit("x"))) == versions[0]
    assert identify_variant(pl.concat([rows.tail(1), rows.head(2)], rechunk=False)) == versions[0]
