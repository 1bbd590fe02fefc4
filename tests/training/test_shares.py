"""Shares of themes are exact, keep every row unless told otherwise, and depend on ids and the seed alone."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sparkle_curation.errors import ParameterError
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.training.shares import apportion, count_rows, mix_rows

FIRST, SECOND, THIRD, *_ = THEMES
sizes_of_themes = st.dictionaries(st.sampled_from(THEMES), st.integers(1, 40), min_size=1)
weights_of_themes = st.dictionaries(
    st.sampled_from(THEMES), st.sampled_from([0.25, 0.1, 1, 2, 3.5]), min_size=1
)


def rows(**counts: int) -> pl.DataFrame:
    """Rows of a task: as many of each theme."""
    every = [(theme, number) for theme, count in counts.items() for number in range(count)]
    return pl.DataFrame(
        {
            "task": ["t" for _ in every],
            "id": [f"{theme}_{number}" for theme, number in every],
            "theme": [theme for theme, _ in every],
        },
        schema=dict.fromkeys(("task", "id", "theme"), pl.String),
    )


def by_theme(mixed: pl.DataFrame) -> dict[str, int]:
    """How many rows each theme has."""
    return dict(mixed.group_by("theme").len().iter_rows())


def test_as_it_is_each_row_stands_once() -> None:
    """Nothing is repeated and nothing dropped."""
    mixed, dropped = mix_rows(rows(**{FIRST: 3, SECOND: 1}), "as_is", 0, None)
    assert sorted(mixed["id"]) == sorted(rows(**{FIRST: 3, SECOND: 1})["id"])
    assert set(mixed["copy"]) == {0}
    assert dropped.is_empty()


def test_even_themes_have_equal_rows_and_repeat_evenly() -> None:
    """7 and 3 rows become 7 each: of the 3 one stands three times, two twice."""
    mixed, dropped = mix_rows(rows(**{FIRST: 7, SECOND: 3}), "even", 0, None)
    assert by_theme(mixed) == {FIRST: 7, SECOND: 7}
    times = mixed.filter(pl.col("theme") == SECOND).group_by("id").len()["len"].to_list()
    assert sorted(times) == [2, 2, 3]
    assert dropped.is_empty()


def test_weights_are_exact_decimals() -> None:
    """0.1 is a tenth: 1 row at 0.1 beside 1 at 0.3 makes 4 rows, one to three."""
    assert count_rows({FIRST: 1, SECOND: 1}, {FIRST: 0.1, SECOND: 0.3}, None) == {FIRST: 1, SECOND: 3}


def test_a_theme_without_a_weight_has_one() -> None:
    """Weights beside it are relative to 1."""
    assert count_rows({FIRST: 2, SECOND: 2}, {SECOND: 3}, None) == {FIRST: 2, SECOND: 6}


def test_the_largest_remainders_get_what_is_left() -> None:
    """10 rows over weights 3, 3, 1: 4.29, 4.29, 1.43 become 4, 4, 2."""
    weights = {FIRST: Fraction(3), SECOND: Fraction(3), THIRD: Fraction(1)}
    assert apportion(10, weights) == {FIRST: 4, SECOND: 4, THIRD: 2}


def test_only_a_limit_drops_rows() -> None:
    """In the proportion of the rows as they are, and all that are not there are told."""
    mixed, dropped = mix_rows(rows(**{FIRST: 6, SECOND: 3}), "as_is", 0, 3)
    assert by_theme(mixed) == {FIRST: 2, SECOND: 1}
    assert sorted([*mixed["id"], *dropped["id"]]) == sorted(rows(**{FIRST: 6, SECOND: 3})["id"])


def test_no_rows_are_mixed_to_none() -> None:
    """An empty task stays one, with its columns."""
    mixed, dropped = mix_rows(rows(), "even", 0, None)
    assert (mixed.height, dropped.height, mixed.columns) == (0, 0, ["task", "id", "theme", "copy"])


def test_a_mistyped_weight_is_refused() -> None:
    """A millionth beside 1 would write a CSV of a hundred million rows."""
    with pytest.raises(ParameterError, match="repeat rows beyond any use"):
        count_rows({FIRST: 100, SECOND: 100}, {FIRST: 1e-6}, None)


@given(sizes_of_themes, weights_of_themes, st.one_of(st.none(), st.integers(1, 300)))
def test_shares_are_within_a_row_of_the_weights(
    sizes: dict[str, int], weights: dict[str, float], max_rows: int | None
) -> None:
    """Each theme is less than a row from its exact share; without a limit no row is lost, and no fewer rows would do."""
    counts = count_rows(sizes, weights, max_rows)
    total = sum(counts.values())
    exact = {theme: Fraction(str(weights.get(theme, 1))) for theme in sizes}
    whole = sum(exact.values())
    assert all(abs(counts[theme] - total * exact[theme] / whole) < 1 for theme in sizes)
    if max_rows is None or total < max_rows:
        assert all(counts[theme] >= size for theme, size in sizes.items())
        assert any((total - 1) * exact[theme] / whole < size for theme, size in sizes.items())
    else:
        assert total == max_rows


@given(sizes_of_themes, st.integers(0, 3))
def test_order_and_choice_hang_on_ids_and_seed_alone(sizes: dict[str, int], seed: int) -> None:
    """Rows in another order make the same CSV."""
    given_rows = rows(**sizes)
    shuffled = given_rows.sample(fraction=1, shuffle=True, seed=seed + 1)
    (one, one_dropped), (other, other_dropped) = (
        mix_rows(each, "even", seed, 20) for each in (given_rows, shuffled)
    )
    assert_frame_equal(one, other)
    assert_frame_equal(one_dropped, other_dropped, check_row_order=False)


def test_another_seed_gives_another_order() -> None:
    """And the same rows."""
    one, other = (mix_rows(rows(**{FIRST: 30}), "as_is", seed, None)[0]["id"].to_list() for seed in (0, 1))
    assert one != other
    assert sorted(one) == sorted(other)
