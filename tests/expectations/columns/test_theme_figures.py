"""The figures of themes count what their tables hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from tests.expectations.sound_tables import FIRST, SECOND, row, tables
from tests.made.tables import table

from sparkle_curation.expectations.columns.flat_frames import FlatFrames, declared_schema, flatten_quarantine
from sparkle_curation.expectations.columns.slices import slices_of
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.ingested import COLUMNS, QUARANTINE_COLUMNS

QUARANTINE = pl.DataFrame(pl.from_arrow(arrow_schema(QUARANTINE_COLUMNS).empty_table()))


def quarantined(*rows: dict[str, Any]) -> pl.LazyFrame:
    """A quarantine of these rows; what a row does not say is null."""
    return pl.DataFrame(rows, schema=QUARANTINE.schema).lazy()


def figures(quarantine: pl.LazyFrame | None = None, **changed: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """The figures by theme."""
    flat = FlatFrames(tables(**changed), {}, QUARANTINE.lazy() if quarantine is None else quarantine)
    return {row["theme"]: row for row in flat.of_themes().rows(named=True)}


def test_themes_stand_in_the_order_of_the_card() -> None:
    """Also one that a single table has; one that is unknown stands first."""
    assets = table("assets", [row("assets", FIRST), row("assets", "Sparkle_location_000001", theme="dusk")])
    assert list(figures(assets=assets)) == ["dusk", "season", "time"]


def test_rows_of_both_files_are_counted_and_an_absent_file_is_not_zero() -> None:
    """The theme that has no CSV has no number of rows in it."""
    rows = [row("annotations", FIRST), row("annotations", SECOND, csv_line=None)]
    found = figures(annotations=table("annotations", rows))
    assert (found["season"]["csv_rows"], found["season"]["metadata_rows"]) == (1, 1)
    assert (found["time"]["csv_rows"], found["time"]["metadata_rows"]) == (None, 1)


def test_the_share_of_empty_boxes_is_of_both_rounds() -> None:
    """Two of four in the first, one of two in a frame; none where there is no box."""
    box, empty = {"bbox_2d": [0.0, 0.0, 1.0, 1.0], "label": "dog"}, {"bbox_2d": [], "label": "dog"}
    first = [
        row("grounding_r1", FIRST, round1_objects=[box, empty, empty]),
        row("grounding_r1", SECOND, round1_objects=[]),
    ]
    second = [row("grounding_r2", FIRST, frame_objects=[[box], [], [empty, box]])]
    found = figures(grounding_r1=table("grounding_r1", first), grounding_r2=table("grounding_r2", second))
    assert found["season"]["empty_box_share"] == pytest.approx(3 / 6)
    assert found["time"]["empty_box_share"] is None


def test_boxes_are_counted_once() -> None:
    """With the flat frames of the groundings, where these are made; else for the figures alone."""
    read = []

    def slices() -> Iterator[pl.DataFrame]:
        read.append("grounding_r2")
        return slices_of(tables()["grounding_r2"])

    alone = FlatFrames(tables(), {}, QUARANTINE.lazy()).of_themes()
    flat = FlatFrames(tables(), {"grounding_r2": slices}, QUARANTINE.lazy())
    flat.of("grounding_r2")
    assert flat.of_themes().equals(alone)
    assert read == ["grounding_r2"]


def test_the_quarantined_share_is_of_all_records_and_leaves_out_warnings() -> None:
    """Seven tables with a row each, and two lines that were lost."""
    lost = {"theme": "season", "line_count": 2, "is_row_kept": False}
    found = figures(quarantined(lost, {**lost, "is_row_kept": True}, {**lost, "theme": None}))
    assert found["season"]["quarantined_share"] == pytest.approx(2 / (2 + len(COLUMNS)))
    assert found["time"]["quarantined_share"] == 0


def test_scores_have_a_mean_and_a_spread() -> None:
    """Of each stage; a single score has no spread."""
    rows = [row("edited_frame0_scores", FIRST, overall=score) for score in (8.0, 9.0)]
    found = figures(edited_frame0_scores=table("edited_frame0_scores", rows))
    assert found["season"]["edited_frame0_mean"] == 8.5
    assert found["season"]["edited_frame0_std"] == pytest.approx(0.5**0.5)
    assert found["season"]["edited_video_std"] is None


def test_empty_tables_have_no_theme() -> None:
    """And no figure fails."""
    assert figures(**{name: pl.DataFrame(schema=declared_schema(name)) for name in COLUMNS}) == {}


def test_a_piece_of_the_quarantine_is_named_by_its_place() -> None:
    """A line of a file, or a byte of a tar."""
    line = {"path": "a.jsonl", "line": 3, "byte_offset": 90, "reason": "invalid_json"}
    found = flatten_quarantine(quarantined(line, {**line, "path": "b.tar", "line": None}))
    assert found.rows() == [("a.jsonl:3", "invalid_json"), ("b.tar at byte 90", "invalid_json")]
