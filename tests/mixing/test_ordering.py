"""Weights, quotas and budget: exact, nested, each sample once."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.errors import ParameterError
from sparkle_curation.mixing.ordering import check_quotas, take
from sparkle_curation.mixing.params import Member


def candidates(sizes: Mapping[str, int], *, val: int = 0) -> pl.DataFrame:
    """So many samples of each member, the later the worse; the last ``val`` of each are for validation."""
    rows = [
        {
            "member": name,
            "id": f"{number:03}",
            "key": f"{name}/{number:03}",
            "theme": "even" if number % 2 == 0 else "odd",
            "split": "val" if number >= size - val else "train",
            "score": 1 - number / 1000,
            "is_hand_kept": False,
            "outcome": None,
            "detail": None,
        }
        for name, size in sizes.items()
        for number in range(size)
    ]
    return pl.DataFrame(rows, schema_overrides={"outcome": pl.String, "detail": pl.String})


def members(**members: Mapping[str, object]) -> dict[str, Member]:
    """Members with these weights and quotas."""
    return {name: Member(data_root="x", **each) for name, each in members.items()}  # type: ignore[arg-type]


def outcomes(table: pl.DataFrame) -> dict[tuple[str, str], int]:
    """How many of each member have each outcome."""
    return {
        (member, outcome): count
        for member, outcome, count in table.group_by("member", "outcome").len().rows()
    }


def test_without_a_budget_the_mix_is_the_largest_with_the_shares() -> None:
    """Two to one, until the member that has too few ends it; no row is repeated."""
    found = outcomes(take(candidates({"a": 100, "b": 10}), members(a={"weight": 2}, b={"weight": 1}), None))
    assert found == {("a", "train"): 21, ("a", "weight"): 79, ("b", "train"): 10}


def test_under_a_budget_the_others_fill_what_a_member_lacks() -> None:
    """The budget is exact: b gives its two, a the rest."""
    found = outcomes(take(candidates({"a": 100, "b": 2}), members(a={"weight": 1}, b={"weight": 1}), 12))
    assert found == {("a", "train"): 10, ("a", "budget"): 90, ("b", "train"): 2}


def test_without_weights_all_are_taken() -> None:
    """And those for validation are in their own split."""
    found = outcomes(take(candidates({"a": 7, "b": 3}, val=1), members(a={}, b={}), None))
    assert found == {("a", "train"): 6, ("a", "val"): 1, ("b", "train"): 2, ("b", "val"): 1}


def test_a_weight_of_nothing_leaves_a_member_out() -> None:
    """Its samples say so, those for validation too, and the others are not cut for it."""
    table = take(candidates({"a": 3, "b": 3}, val=1), members(a={"weight": 1}, b={"weight": 0}), None)
    assert outcomes(table) == {("a", "train"): 2, ("a", "val"): 1, ("b", "weight"): 3}
    assert table.filter(member="b")["detail"].unique().to_list() == ["its member has the weight 0"]


def test_quotas_take_the_best() -> None:
    """One number for a member, or one for a theme: themes without one have no limit."""
    asked = members(a={"quota": 2}, b={"quota": {"odd": 1}})
    table = take(candidates({"a": 4, "b": 6}), asked, None)
    inside = table.filter(outcome="train")
    assert inside["key"].to_list() == ["a/000", "a/001", "b/000", "b/001", "b/002", "b/004"]
    assert table.filter(key="b/003").select("outcome", "detail").row(0) == (
        "quota",
        "quota of 1: 1 better ones",
    )


def test_kept_by_hand_go_first_then_scores_then_ids() -> None:
    """Within a member; a sample without a score is last."""
    table = candidates({"a": 4}).with_columns(
        pl.Series("score", [None, 0.5, 0.5, 0.1]), pl.Series("is_hand_kept", [False, False, False, True])
    )
    taken = [
        set(take(table, members(a={"weight": 1}), budget).filter(outcome="train")["id"])
        for budget in (1, 2, 3)
    ]
    assert taken == [{"003"}, {"003", "001"}, {"003", "001", "002"}]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.floats(0.01, 100)), min_size=1, max_size=4),
    st.integers(1, 60),
)
def test_a_larger_budget_takes_nothing_away(asked: list[tuple[int, float]], budget: int) -> None:
    """Exactly as many as the budget, or all; the mix without a budget is a prefix of the same order."""
    sizes = {f"m{place}": size for place, (size, _) in enumerate(asked)}
    if not sum(sizes.values()):
        return
    chosen = members(**{f"m{place}": {"weight": weight} for place, (_, weight) in enumerate(asked)})
    small, large, free = (
        set(take(candidates(sizes), chosen, most).filter(outcome="train")["key"])
        for most in (budget, budget + 7, None)
    )
    assert len(small) == min(budget, sum(sizes.values()))
    assert small <= large
    assert small <= free or free <= small


def test_a_quota_of_a_theme_that_is_not_there_is_refused() -> None:
    """With the name that was meant."""
    with pytest.raises(ParameterError, match="did you mean 'season'"):
        check_quotas(members(a={"quota": {"seson": 1}}), {"a": ["season", "time"]})
