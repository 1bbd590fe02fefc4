"""A selection is exact, fair, nested, and says of each sample that is not in it why."""

from __future__ import annotations

import time
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made.tables import THRESHOLDS, known, same_scores, scores

from sparkle_curation.errors import ConservationError, SelectionError
from sparkle_curation.filtering.selection.params import SelectionParams
from sparkle_curation.filtering.selection.ranking import rank_score
from sparkle_curation.filtering.selection.selecting import select
from sparkle_curation.filtering.verdicts import apply_thresholds


def candidates(*rows: dict[str, Any]) -> pl.DataFrame:
    """Candidates; what a row does not say is usual."""
    usual = {
        "theme": "a",
        "subtheme": None,
        "prompt": None,
        "clip": None,
        "rank_score": 0.5,
        "is_hand_kept": False,
    }
    schema = {
        **dict.fromkeys(("id", "theme", "subtheme", "prompt", "clip"), pl.String),
        "rank_score": pl.Float64,
        "is_hand_kept": pl.Boolean,
    }
    return pl.DataFrame(
        [{"id": f"{number:03}", **usual, **row} for number, row in enumerate(rows)], schema=schema
    )


def of_sizes(**sizes: int) -> pl.DataFrame:
    """Candidates by theme, the better the earlier."""
    return candidates(
        *(
            {"theme": theme, "rank_score": 1 - place / 100}
            for theme, size in sizes.items()
            for place in range(size)
        )
    )


def selected(frame: pl.DataFrame, **params: Any) -> list[str]:
    """The ids selected by theme."""
    return select(frame, SelectionParams(balance=["theme"], **params)).filter("is_selected")["id"].to_list()


def counts(frame: pl.DataFrame, **params: Any) -> dict[str, int]:
    """How many of each group are selected."""
    chosen = select(frame, SelectionParams(balance=["theme"], **params))
    return dict(chosen.group_by("group").agg(pl.col("is_selected").sum()).sort("group").iter_rows())


# ------------------------------------------------------------------ by hand
def test_even_fills_the_small_ones_and_shares_the_rest() -> None:
    """Max-min fair: the group of two is taken whole, the others share what it leaves, the first by name one more."""
    assert counts(of_sizes(a=9, b=2, c=9), budget=11) == {"a": 5, "b": 2, "c": 4}


def test_proportional_is_webster() -> None:
    """Seats of 53, 24 and 23 to ten seats: 6, 2, 2, since 53/11 is above 24/5; largest remainders give 5, 3, 2."""
    assert counts(of_sizes(a=53, b=24, c=23), mode="proportional", budget=10) == {"a": 6, "b": 2, "c": 2}


def test_a_quota_is_the_most_of_a_group() -> None:
    """A quota above the size takes all; a group without one gets none; a budget below shares by quota."""
    frame = of_sizes(a=9, b=2, c=9)
    assert counts(frame, mode="quota", quota={"a": 4, "b": 5}) == {"a": 4, "b": 2, "c": 0}
    assert counts(frame, mode="quota", quota={"a": 4, "c": 2}, budget=3) == {"a": 2, "b": 0, "c": 1}


def test_the_best_go_first_ties_by_id_and_none_last() -> None:
    """Score, then id; a sample without a score after all that have one."""
    frame = candidates({"rank_score": None}, {"rank_score": 0.5}, {"rank_score": 0.5}, {"rank_score": 0.9})
    assert [selected(frame, budget=most) for most in (1, 2, 3)] == [
        ["003"],
        ["001", "003"],
        ["001", "002", "003"],
    ]


def test_caps_come_before_the_budget() -> None:
    """The best of a clip, of these the best of a prompt; unknown clips and prompts are their own."""
    frame = candidates(
        {"clip": "x", "rank_score": 0.9, "prompt": "p"},
        {"clip": "x", "rank_score": 0.8, "prompt": "q"},
        {"clip": "y", "rank_score": 0.7, "prompt": "p"},
        {},
        {},
    )
    chosen = select(frame, SelectionParams(per_source_clip=1, per_prompt=1, budget=2))
    assert chosen["limit"].to_list() == [None, "per_source_clip", "per_prompt", None, "budget"]
    assert chosen["detail"][1] == "per_source_clip=1: 1 better ones of its source clip"
    assert chosen["detail"][4] == "budget=2: 2 of 3 in a/none are taken, it is number 3"


def test_what_was_kept_by_hand_is_never_cut_and_counts() -> None:
    """The worst of its clip and group stays, in the place of a better one; more of them than the budget stops."""
    frame = candidates(
        {"rank_score": 0.9, "clip": "x"},
        {"rank_score": 0.1, "clip": "x", "is_hand_kept": True},
        {"rank_score": 0.8},
    )
    assert selected(frame, budget=1) == ["001"]
    assert selected(frame, per_source_clip=1) == ["001", "002"]
    both = frame.with_columns(pl.lit(value=True).alias("is_hand_kept"))
    with pytest.raises(SelectionError, match="kept by hand than the budget") as told:
        selected(both, budget=2)
    assert told.value.todo is not None
    assert "selection.budget=3" in told.value.todo
    with pytest.raises(SelectionError, match="kept by hand than its quota"):
        selected(both, mode="quota", quota={"a": 2})


def test_a_quota_of_an_unknown_group_stops() -> None:
    """The nearest name is offered; the mode without quotas says what groups there are."""
    with pytest.raises(SelectionError, match="no candidate is in") as told:
        selected(of_sizes(season=2, time=2), mode="quota", quota={"seasn": 1})
    assert told.value.todo == "did you mean 'season'?"
    with pytest.raises(SelectionError, match="needs quotas"):
        selected(of_sizes(season=2), mode="quota")


def test_without_limits_and_without_candidates() -> None:
    """Off takes all; of nothing nothing is taken."""
    assert not SelectionParams().is_on
    assert counts(of_sizes(a=3)) == {"a": 3}
    assert counts(candidates(), budget=3) == {}


def test_an_id_that_is_there_twice_stops() -> None:
    """A table that knows a sample twice would have it counted twice."""
    with pytest.raises(ConservationError, match="3 candidates of 2 ids"):
        selected(candidates({"id": "a"}, {"id": "b"}, {"id": "a"}), budget=2)


def test_scores_are_ranked_by_their_scales() -> None:
    """The mean over the criteria that a sample has, or one criterion."""
    a, b = "Sparkle_time_000001", "Sparkle_time_000002"
    levels = scores(
        edited_frame0={a: 9.0, b: 8.0}, foreground_removed={a: 9.0}, edited_video={a: 8.0, b: 9.0}
    )
    verdicts = apply_thresholds(known(a, b), levels, THRESHOLDS, "keep")
    assert verdicts.select(rank_score("edited_video")).to_series().to_list() == pytest.approx([0.8, 0.9])
    assert verdicts.select(rank_score(None)).to_series().to_list() == pytest.approx([2.6 / 3, 0.85])
    none = apply_thresholds(known(a), same_scores({}), THRESHOLDS, "keep")
    assert none.select(rank_score(None)).to_series().to_list() == [None]


# ------------------------------------------------------------------ whatever the candidates
rows = st.fixed_dictionaries(
    {
        "theme": st.sampled_from("abcd"),
        "rank_score": st.none() | st.sampled_from([0.1, 0.5, 0.9]),
        "is_hand_kept": st.sampled_from([False] * 9 + [True]),
        "clip": st.sampled_from([None, "x", "y"]),
        "prompt": st.sampled_from([None, "p", "q"]),
    }
)
frames = st.lists(rows, max_size=25).map(lambda found: candidates(*found))


@given(frames, st.sampled_from(["even", "proportional"]), st.integers(1, 25))
def test_the_sum_is_exact_and_a_larger_budget_takes_nothing_away(
    frame: pl.DataFrame, mode: str, budget: int
) -> None:
    """min(budget, available), nested, hand-kept inside, and a reason for each that is not; order of rows does not matter."""
    budget = max(budget, int(frame["is_hand_kept"].sum()), 1)
    smaller, larger = (set(selected(frame, mode=mode, budget=most)) for most in (budget, budget + 1))
    assert len(smaller) == min(budget, frame.height)
    assert smaller <= larger
    assert set(frame.filter("is_hand_kept")["id"]) <= smaller
    assert set(selected(frame.reverse(), mode=mode, budget=budget)) == smaller
    chosen = select(frame, SelectionParams(balance=["theme"], mode=mode, budget=budget))
    assert (chosen["is_selected"] == chosen["limit"].is_null()).all()
    assert (chosen["is_selected"] == chosen["detail"].is_null()).all()


@given(frames, st.integers(1, 25))
def test_even_is_fair(frame: pl.DataFrame, budget: int) -> None:
    """No group is more than one below another, unless it is exhausted or the other was kept by hand; the best are taken."""
    frame = frame.with_columns(pl.lit(value=False).alias("is_hand_kept"))
    chosen = select(frame, SelectionParams(balance=["theme"], budget=budget)).join(frame, on="id")
    taken = dict(chosen.group_by("theme").agg(pl.col("is_selected").sum()).iter_rows())
    sizes = dict(frame.group_by("theme").len().iter_rows())
    most = max(taken.values(), default=0)
    assert all(taken[theme] >= most - 1 or taken[theme] == sizes[theme] for theme in taken)
    for _, group in chosen.sort(["rank_score", "id"], descending=[True, False], nulls_last=True).group_by(
        "theme", maintain_order=True
    ):
        assert group["is_selected"].to_list() == sorted(group["is_selected"], reverse=True)


@given(
    frames,
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9), min_size=1),
    st.none() | st.integers(1, 25),
)
def test_quotas_hold(frame: pl.DataFrame, quota: dict[str, int], budget: int | None) -> None:
    """Of each group at most its quota and its size, in all min(budget, what quotas leave)."""
    frame = frame.with_columns(pl.lit(value=False).alias("is_hand_kept"))
    sizes = dict(frame.group_by("theme").len().iter_rows())
    quota = {theme: most for theme, most in quota.items() if theme in sizes}
    if not quota:
        return
    found = counts(frame, mode="quota", quota=quota, budget=budget)
    room = {theme: min(quota.get(theme, 0), size) for theme, size in sizes.items()}
    assert all(found[theme] <= room[theme] for theme in found)
    assert sum(found.values()) == min(budget or frame.height, sum(room.values()))


@given(frames, st.integers(1, 3), st.integers(1, 3))
def test_caps_hold(frame: pl.DataFrame, per_source_clip: int, per_prompt: int) -> None:
    """Of a clip and of a prompt at most so many, but for those kept by hand, which all stay."""
    chosen = set(selected(frame, per_source_clip=per_source_clip, per_prompt=per_prompt))
    inside = frame.filter(pl.col("id").is_in(list(chosen)))
    for column, most in (("clip", per_source_clip), ("prompt", per_prompt)):
        groups = inside.drop_nulls(column).group_by(column).agg(pl.len(), pl.col("is_hand_kept").sum())
        assert all(count <= max(most, by_hand) for _, count, by_hand in groups.iter_rows())
    assert set(frame.filter("is_hand_kept")["id"]) <= chosen


def test_a_hundred_thousand_take_no_time() -> None:
    """20,000 of 102,527 in 25 groups, exactly; the time is printed, since a shared machine's is no property."""
    count = 102_527
    frame = pl.DataFrame({"number": range(count)}).select(
        pl.col("number").cast(pl.String).str.zfill(6).alias("id"),
        (pl.col("number") % 5).cast(pl.String).alias("theme"),
        (pl.col("number").pow(2) % 5).cast(pl.String).alias("subtheme"),
        pl.lit("p").alias("prompt"),
        pl.lit(None, pl.String).alias("clip"),
        (pl.col("number").hash() % 1000 / 1000).alias("rank_score"),
        pl.lit(value=False).alias("is_hand_kept"),
    )
    start = time.process_time()
    chosen = select(frame, SelectionParams(budget=20_000))
    print(f"{time.process_time() - start:.3f} CPU s")  # noqa: T201
    assert chosen["is_selected"].sum() == 20_000
