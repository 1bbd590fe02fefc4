"""Rows of one table are compared with those of others."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.expectations.sound_tables import FIRST, SECOND, row, tables
from tests.made.tables import table

from sparkle_curation.expectations.columns import relations
from sparkle_curation.expectations.columns.flat_frames import flatten
from sparkle_curation.expectations.rules.foreign_keys import KNOWN_BY
from sparkle_curation.spec.tables.ingested import COLUMNS, JSONL_TABLES

UNKNOWN = "Sparkle_season_000009"
FOREIGN = "Sparkle_style_000001"


def violation(name: str, column: str, **changed: pl.DataFrame) -> list[str | None]:
    """A column of violations on a table, beside other tables that may have been changed: whole and in parts the same."""
    whole: list[str | None] = flatten(name, tables(**changed))[column].to_list()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relations, "PART_ROWS", 1)
        assert flatten(name, tables(**changed))[column].to_list() == whole
    return whole


def made(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """A table of rows that differ from sound ones."""
    return table(name, [row(name, **{"sample_id": FIRST, **changes}) for changes in rows])


@pytest.mark.parametrize("name", KNOWN_BY)
def test_a_sample_that_no_earlier_step_knows_is_found(name: str) -> None:
    """Asked of themes that the step before has: of others the cause is unknown."""
    rows = made(name, {}, {"sample_id": UNKNOWN}, {"sample_id": FOREIGN})
    released, earlier = KNOWN_BY[name]
    found = violation(name, "sample_is_known", **{name: rows})
    assert found == ["", f"neither in {released} nor in {earlier}", None]


def test_either_table_suffices() -> None:
    """A candidate that was rejected later is in the step before, a released one in the annotations."""
    rows = made("grounding_r1", {}, {"sample_id": UNKNOWN})
    before = made("edited_frame0_scores", {"sample_id": UNKNOWN})
    assert violation("grounding_r1", "sample_is_known", grounding_r1=rows, edited_frame0_scores=before) == [
        "",
        "",
    ]


def test_the_prompt_of_a_candidate_is_the_one_of_the_step_before() -> None:
    """Not asked of what was released, nor of what the step before lacks; the right row is named, also twice."""
    rows = made(
        "grounding_r1",
        {"prompt": "another, as released"},
        {"sample_id": UNKNOWN, "prompt": "x" * 99},
        {"sample_id": "Sparkle_season_000010"},
        {"sample_id": FOREIGN},
        {"sample_id": UNKNOWN, "prompt": None},
    )
    before = made("edited_frame0_scores", {"sample_id": UNKNOWN}, {"sample_id": "Sparkle_season_000010"})
    found = violation("grounding_r1", "prompt_is_repeated", grounding_r1=rows, edited_frame0_scores=before)
    assert found == [None, "x" * 80, "", None, None]


def test_what_passes_is_released() -> None:
    """Asked of themes that the annotations have."""
    ids = [UNKNOWN, "Sparkle_season_000010", FOREIGN]
    scores = {
        name: made(name, *({"sample_id": each} for each in ids))
        for name in ("edited_frame0_scores", "foreground_removed_scores")
    }
    videos = made("edited_video_scores", *({"sample_id": each} for each in ids)).with_columns(
        mean_o_score=pl.Series([8.0, 7.9, 9.0])
    )
    found = violation("edited_video_scores", "passing_is_released", edited_video_scores=videos, **scores)
    assert found == ["passes, not released", "", None]


def test_the_labels_of_both_groundings_are_the_same() -> None:
    """Not asked of what the first lacks."""
    rows = made("grounding_r2", {}, {"sample_id": SECOND, "round1_labels": ["cat"]}, {"sample_id": UNKNOWN})
    assert violation("grounding_r2", "round1_is_repeated", grounding_r2=rows) == ["", "cat", None]


def test_a_path_may_stand_in_two_tars_but_not_twice_in_one() -> None:
    """Nor twice loose: where it stands twice is said."""
    places = [{"container": name} for name in ("a.tar", "b.tar", "b.tar", None, None)]
    rows = made("assets", *places, {"kind": "edited_video"})
    assert violation("assets", "file_is_unique", assets=rows) == ["", "b.tar", "b.tar", "loose", "loose", ""]
    assert violation("assets", "file_is_unique", assets=rows.clear()) == []


# ------------------------------------------------------------------ annotations
def test_a_sample_stands_in_both_files() -> None:
    """Asked where the theme has both."""
    rows = made(
        "annotations", {}, {"sample_id": UNKNOWN, "csv_line": None}, {"sample_id": SECOND, "csv_line": None}
    )
    found = violation("annotations", "stands_in_both_files", annotations=rows)
    assert found == ["", "not in the CSV", None]
    rows = made("annotations", {}, {"sample_id": UNKNOWN, "metadata_line": None})
    assert violation("annotations", "stands_in_both_files", annotations=rows)[1] == "not in the metadata"


def test_paths_resolve_where_assets_of_their_kind_were_ingested() -> None:
    """The path that does not is named."""
    rows = made("annotations", {}, {"sample_id": UNKNOWN}, {"sample_id": SECOND})
    assets = made("assets", {}, {"kind": "edited_video"})
    found = violation("annotations", "paths_resolve", annotations=rows, assets=assets)
    missing = f"season/source_video/{UNKNOWN}.mp4 season/edited_video/{UNKNOWN}.mp4"
    assert found == ["", missing, None]
    only_sources = made("assets", {})
    found = violation("annotations", "paths_resolve", annotations=rows, assets=only_sources)
    assert found == ["", f"season/source_video/{UNKNOWN}.mp4", None]


def test_a_sample_of_the_csv_is_in_every_table_that_has_its_theme() -> None:
    """The tables that lack it are named; of what only the metadata has nothing is asked."""
    rows = made(
        "annotations",
        {},
        {"sample_id": UNKNOWN},
        {"sample_id": FOREIGN},
        {"sample_id": SECOND, "csv_line": None},
    )
    found = violation("annotations", "sample_is_scored", annotations=rows)
    assert found == ["", ", ".join(JSONL_TABLES), "", None]


def test_a_sample_of_the_csv_passes_the_published_thresholds() -> None:
    """The score at the threshold passes; the stages that it fails are named; not scored is not asked here."""
    rows = made("annotations", {}, {"sample_id": SECOND}, {"sample_id": UNKNOWN})
    stills = made("edited_frame0_scores", {"overall": 8.0}, {"sample_id": SECOND, "overall": 7.9})
    found = violation("annotations", "sample_passes", annotations=rows, edited_frame0_scores=stills)
    assert found == ["", "edited_frame0 7.9", ""]


def test_a_sample_that_stands_twice_keeps_every_row_a_row() -> None:
    """A duplicate in any table neither adds nor moves rows of another."""
    doubled = {name: pl.concat([frame, frame]).collect() for name, frame in tables().items()}
    for name in COLUMNS:
        flat = flatten(name, tables(**doubled))
        assert flat["id"].to_list() == [FIRST, SECOND] * 2
        assert flat.head(2).equals(flat.tail(2))


def test_row_order_does_not_matter() -> None:
    """Each row has its own violations, wherever it stands."""
    rows = made("annotations", {}, {"sample_id": UNKNOWN, "csv_line": None}, {"sample_id": FOREIGN})
    forth = flatten("annotations", tables(annotations=rows))
    back = flatten("annotations", tables(annotations=rows.reverse()))
    assert back.reverse().equals(forth)
