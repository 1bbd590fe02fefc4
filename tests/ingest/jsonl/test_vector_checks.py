"""The bulk checks name every row that needs a closer look, and no clean one."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.ingest.jsonl.vector_checks import id_numbers, suspect_rows, unequal_rows
from sparkle_curation.spec.fields import Field, ListOf, Struct, arrow_schema

SCORE = Field("score", "float64", "A score.", minimum=0, maximum=10)
FRAMES = (
    Field("frames", ListOf("int32"), "Frames.", minimum=0),
    Field(
        "boxes", ListOf(ListOf(Struct((SCORE, Field("label", "string", "A label."))))), "Boxes of each frame."
    ),
    Field("meta", Struct((Field("note", "string", "A note.", is_optional=True), SCORE)), "Notes."),
)
GOOD = {
    "frames": [0, 5],
    "boxes": [[{"score": 0.0, "label": "a"}, {"score": 10.0, "label": ""}], []],
    "meta": {"note": None, "score": 5.0},
}


def suspects(*rows: dict[str, Any], fields: tuple[Field, ...] = FRAMES) -> list[int]:
    """The suspect rows of a table of one chunk."""
    return suspect_rows(pa.Table.from_pylist(list(rows), schema=arrow_schema(fields)), fields).tolist()


@pytest.mark.parametrize(
    "change",
    [
        {"frames": None},
        {"frames": [1, None]},
        {"frames": [1, -1]},
        {"boxes": None},
        {"boxes": [None]},
        {"boxes": [[], [None]]},
        {"boxes": [[], [{"score": 1.0, "label": "a"}, {"score": None, "label": "a"}]]},
        {"boxes": [[{"score": 1.0, "label": None}]]},
        {"boxes": [[{"score": math.nan, "label": "a"}]]},
        {"boxes": [[{"score": 10.5, "label": "a"}]]},
        {"meta": None},
        {"meta": {"note": "a", "score": None}},
        {"meta": {"note": "a", "score": math.inf}},
        {"meta": {"note": "a", "score": -math.inf}},
        {"meta": {"note": "a", "score": -0.5}},
        {"meta": {"note": "a", "score": math.nan}},
    ],
)
def test_a_row_that_breaks_a_rule_is_suspect(change: dict[str, Any]) -> None:
    """A null, a number that is not finite or out of bounds, at any depth: its row, first, between or last."""
    bad = {**GOOD, **change}
    empty = {**GOOD, "frames": [], "boxes": []}
    assert suspects(bad, GOOD, empty) == [0]
    assert suspects(GOOD, bad, GOOD) == [1]
    assert suspects(empty, empty, bad) == [2]
    assert suspects(bad, empty, bad, bad) == [0, 2, 3]


def test_clean_rows_are_not_suspect() -> None:
    """Bounds are inclusive, an optional null is no fault, empty lists are none either; nor is an empty table."""
    assert suspects(GOOD, {**GOOD, "frames": [], "boxes": []}) == []
    assert suspects() == []
    assert suspects({"score": None}, {"score": None}, fields=(SCORE,)) == [0, 1]


@given(
    scores=st.lists(
        st.none() | st.floats(-1, 12) | st.sampled_from((math.nan, math.inf, -0.0, 10.0)), max_size=9
    )
)
def test_suspects_are_the_scores_that_python_would_refuse(scores: list[float | None]) -> None:
    """The bulk check of a number agrees with the comparison of each."""
    expected = [row for row, score in enumerate(scores) if score is None or not 0 <= score <= 10]
    assert suspects(*({"score": score} for score in scores), fields=(SCORE,)) == expected


def test_a_slice_of_a_table_is_screened_as_itself() -> None:
    """A table cut out of another has lists whose first offset is not zero."""
    bad = {**GOOD, "boxes": [[{"score": 11.0, "label": "a"}]]}
    table = pa.Table.from_pylist([bad, GOOD, GOOD, bad], schema=arrow_schema(FRAMES))
    assert suspect_rows(table.slice(1), FRAMES).tolist() == [2]
    assert suspect_rows(table.slice(1, 2), FRAMES).tolist() == []


def test_ids_are_read_as_numbers() -> None:
    """Six digits after the theme's prefix, and nothing else; all other ids are named."""
    ids = [
        *("Sparkle_time_000007", "Sparkle_time_999999", "Sparkle_time_00007", "Sparkle_time_0000007"),
        *("Sparkle_style_000007", "sparkle_time_000007", "Sparkle_time_000007\n", " Sparkle_time_000007"),
        *("Sparkle_time_00000७", "Sparkle_time_-00007", "", None),
    ]
    numbers, bad_rows = id_numbers(pa.chunked_array([pa.array(ids, pa.string())]), "time")
    assert numbers.tolist() == [7, 999_999, *[-1] * 10]
    assert bad_rows.tolist() == list(range(2, 12))


def test_no_ids_give_no_numbers() -> None:
    """An empty column is no trouble."""
    numbers, bad_rows = id_numbers(pa.chunked_array([pa.array([], pa.string())]), "time")
    assert (numbers.tolist(), bad_rows.tolist()) == ([], [])


def test_lists_of_unequal_length_are_named() -> None:
    """Rows whose lists differ in length, are both empty, or are null."""
    first = pa.chunked_array([pa.array([[1, 2], [1], [], None, [1]], pa.list_(pa.int32()))])
    second = pa.chunked_array([pa.array([["a", "b"], [], [], ["a"], None], pa.list_(pa.string()))])
    assert unequal_rows(first, second).tolist() == [1, 2, 3, 4]
