"""Flat frames have the rows of their tables, in order, and the columns that the rules look at."""

from __future__ import annotations

import polars as pl
import pytest
from tests.expectations.sound_tables import FIRST, row, tables
from tests.expectations.test_suites import SUITES
from tests.made.tables import table

from sparkle_curation.expectations.columns import slices
from sparkle_curation.expectations.columns.flat_frames import as_declared, flatten, flatten_schemas
from sparkle_curation.spec.tables.ingested import COLUMNS


@pytest.mark.parametrize("name", COLUMNS)
def test_a_flat_frame_has_the_columns_that_its_suite_looks_at(name: str) -> None:
    """Also where the table is empty."""
    flat = flatten(name, tables())
    assert {SUITES[name].key, *SUITES[name].columns} <= set(flat.columns)
    empty = flatten(name, {each: frame.clear() for each, frame in tables().items()})
    assert empty.schema == flat.schema
    assert empty.height == 0


@pytest.mark.parametrize("name", COLUMNS)
def test_only_what_a_suite_reads_is_needed(name: str) -> None:
    """The tables named in ``reads`` suffice, so their fingerprints do too."""
    needed = {each: frame for each, frame in tables().items() if each in SUITES[name].reads}
    assert flatten(name, needed).height == 2


def test_slices_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row, with a last slice that is not full."""
    rows = [row("grounding_r2", f"Sparkle_season_{place:06}", source_line=place) for place in range(7)]
    rows[4]["frame_objects"] = [[{"bbox_2d": [1.0], "label": "cat"}]]
    changed = tables(grounding_r2=table("grounding_r2", rows))
    whole = flatten("grounding_r2", changed)
    monkeypatch.setattr(slices, "SLICE_ROWS", 3)
    assert flatten("grounding_r2", changed).equals(whole)
    assert whole["box_shapes"].to_list() == [""] * 4 + ["1 of its boxes"] + [""] * 2


def test_columns_are_listed_with_what_they_should_be() -> None:
    """One that is absent, one of another type, one too many."""
    frame = (
        table("assets", [row("assets", FIRST)])
        .drop("size")
        .with_columns(pl.col("offset").cast(pl.Int32), more=1)
    )
    found = flatten_schemas({"assets": frame.lazy()})
    odd = found.filter(pl.col("declared_type") != pl.col("found_type"))
    assert odd.rows() == [
        ("assets.offset", "Int64", "Int32"),
        ("assets.size", "Int64", "absent"),
        ("assets.more", "absent", "Int32"),
    ]
    assert as_declared("assets", frame.lazy()).collect().height == 0
    assert as_declared("assets", tables()["assets"]).collect().height == 2
