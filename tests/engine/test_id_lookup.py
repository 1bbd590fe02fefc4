"""Looking ids up gives what a join on their texts gives, whatever the order of the tables."""

from __future__ import annotations

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sparkle_curation.engine.id_lookup import are_unique, find_rows, join_by_id, number_texts

ids = st.lists(st.sampled_from([f"sample_{number:03}" for number in range(40)]), max_size=40)
unique_ids = ids.map(lambda found: list(dict.fromkeys(found)))


def samples(found: list[str]) -> pl.DataFrame:
    """A frame of ids with something to tell its rows apart by."""
    return pl.DataFrame({"id": found}, schema={"id": pl.String}).with_row_index("place")


def table(found: list[str]) -> pl.DataFrame:
    """A table with columns of two types, of which one has nulls."""
    return pl.DataFrame({"id": found}, schema={"id": pl.String}).with_columns(
        pl.int_range(pl.len()).alias("score"), pl.when(pl.col("id") > "sample_020").then("id").alias("text")
    )


def joined(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """The join that a look-up stands for."""
    return left.join(right, on="id", how="left", maintain_order="left")


@given(unique_ids, ids)
@example(["a", "b"], ["a", "b"])
@example(["a", "b"], ["b", "b"])
@example(["a", "b"], ["a", "b", "a"])
@example(["a", "b"], ["a", "a"])
@example([], ["a"])
def test_a_look_up_is_a_left_join(left: list[str], right: list[str]) -> None:
    """Ids that are lacking, that are there twice, in any order; of empty tables too."""
    found = join_by_id(samples(left), table(right))
    assert_frame_equal(found, joined(samples(left), table(right)))


def test_runs_of_one_order_are_found_as_runs() -> None:
    """Themes in another order, with rows between, are the join; one that is there twice in them is noticed."""
    themes = [[f"{theme}_{number:04}" for number in range(300)] for theme in "abc"]
    left = samples([*themes[0], *themes[1], *themes[2][:150]])
    right = table([*themes[2], *themes[1], "lone", *themes[0]])
    assert_frame_equal(join_by_id(left, right), joined(left, right))
    rows = find_rows(left["id"], right["id"])
    assert rows is not None
    assert rows.to_list() == [*range(601, 901), *range(300, 600), *range(150)]
    twice = table([*themes[2], *themes[1], *themes[0], themes[1][7]])
    assert find_rows(left["id"], twice["id"]) is None
    assert join_by_id(left, twice).height == left.height + 1


def test_a_null_is_not_found() -> None:
    """A path that a row lacks is that of no file, in a run of equal ones too."""
    paths = [f"{number:03}" for number in range(200)]
    left = pl.DataFrame({"id": [*paths[:100], None, *paths[101:]]})
    assert_frame_equal(join_by_id(left, table(paths)), joined(left, table(paths)))


@given(st.lists(st.none() | st.sampled_from(["a", "b", "c", ""])))
def test_texts_are_numbered_by_what_they_say(found: list[str | None]) -> None:
    """Two have one number where they are equal, and null has none."""
    numbers = number_texts(pl.Series(found, dtype=pl.String)).to_list()
    assert [number is None for number in numbers] == [text is None for text in found]
    assert len({*zip(found, numbers, strict=True)}) == len(set(found)) == len(set(numbers))


def test_ids_are_unique_or_not() -> None:
    """Of none, of one each, of one twice."""
    assert are_unique(pl.Series([], dtype=pl.String))
    assert are_unique(pl.Series(["a", "b"]))
    assert not are_unique(pl.Series(["a", "b", "a"]))
