"""A benchmark of one's own follows the rule; each candidate is chosen or says why not, and the same seed gives the same."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bench.samples.test_leakage import release
from tests.made.bench import described

from sparkle_curation.bench.samples.building import (
    BuildParams,
    Chosen,
    Fate,
    choose_samples,
    find_candidates,
)
from sparkle_curation.errors import EmptyOutputError
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.verdicts import outcome_column
from sparkle_curation.variant.sample_groups import LikenessParams

DEFAULT: dict[str, Any] = {
    "name": None,
    "samples": None,
    "per_scene": None,
    "seed": 0,
    "themes": None,
    "unknown_scenes": "keep",
    "leaking": "drop",
    "uneven_lengths": "drop",
    "missing_ref_images": "drop",
}
SHARED = "Sparkle_style_000900"
TEXTS = (
    "_source",
    "chosen_keyword",
    "content_hash",
    "frame_hash",
    "fine_hash",
    "original_scene",
    "edit_type",
    "prompt",
)


def candidate(number: int, scene: str | None = "era: yard", **changes: Any) -> dict[str, Any]:
    """A candidate that can be a sample, unless a change says otherwise."""
    return {
        "id": f"Sparkle_time_{number:06d}",
        "theme": "time",
        "prompt": f"prompt {number}",
        "edit_type": None,
        "chosen_keyword": scene,
        "original_scene": None,
        "index_hash": f"file {number}",
        "content_hash": None,
        "frames": 81,
        "_source": "",
        "has_ref_image": True,
        "frame_hash": None,
        "fine_hash": None,
        "detail": None,
        **changes,
    }


def chosen(*candidates: dict[str, Any], **params: Any) -> Chosen:
    """What is chosen of some candidates beside a variant of one pair."""
    schema: Any = {**dict.fromkeys(TEXTS, pl.String), "detail": pl.Float64}
    return choose_samples(
        pl.DataFrame(list(candidates), schema_overrides=schema),
        release({SHARED: "of the variant"}, {SHARED: "file of the variant"}),
        described(),
        BuildParams(**(DEFAULT | params)),
        LikenessParams(),
    )


def fates(found: Chosen) -> list[tuple[str, str]]:
    """What became of each candidate, and why."""
    return found.candidates.select("fate", "detail").rows()


def test_a_candidate_passed_the_first_stages_failed_the_last_and_is_not_kept() -> None:
    """Not one without a score there, or that failed before, that a person keeps, or of a theme without a benchmark."""
    passed, rejected, unscored = "passed", "rejected", "unscored"
    rows = [
        (passed, passed, rejected, False, "time"),
        (passed, passed, unscored, False, "time"),
        (passed, rejected, rejected, False, "time"),
        (passed, passed, passed, True, "time"),
        (passed, passed, rejected, True, "time"),
        (passed, passed, rejected, False, "openve3m"),
    ]
    columns = [*(outcome_column(each) for each in CRITERIA), "is_kept", "theme"]
    verdicts = pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        pl.format("Sparkle_{}_{}", "theme", pl.int_range(pl.len())).alias("id")
    )
    assert find_candidates(verdicts, described(), None)["id"].to_list() == ["Sparkle_time_0"]
    assert find_candidates(verdicts, described(), ["openve3m"])["id"].to_list() == ["Sparkle_openve3m_5"]


@pytest.mark.parametrize(
    ("changes", "policy", "fate"),
    [
        ({"prompt": None}, {}, "no_prompt"),
        ({"chosen_keyword": "no separator"}, {"unknown_scenes": "drop"}, "unknown_scene"),
        ({"_source": None}, {}, "no_source"),
        ({"_source": "truncated"}, {}, "no_source"),
        ({"has_ref_image": False}, {}, "no_ref_image"),
        ({"frames": 80}, {}, "uneven_length"),
        ({"prompt": "Of the  VARIANT"}, {}, "leaking"),
        ({"index_hash": "file of the variant"}, {}, "leaking"),
        ({"index_hash": "file 1"}, {}, "same_clip"),
        ({"prompt": "PROMPT 1"}, {}, "same_prompt"),
    ],
)
def test_a_candidate_that_can_be_no_sample_says_why(
    changes: dict[str, Any], policy: dict[str, str], fate: str
) -> None:
    """Each reason once; the other candidate is chosen. Seed 0 takes number 1 before number 2."""
    found = chosen(candidate(1), candidate(2, **changes), **policy)
    assert [each for each, _ in fates(found)] == ["chosen", fate]
    assert found.samples["id"].to_list() == ["Sparkle_time_000001"]


@pytest.mark.parametrize(
    ("changes", "policy"),
    [
        ({"has_ref_image": False}, {"missing_ref_images": "keep"}),
        ({"frames": 80}, {"uneven_lengths": "keep"}),
        ({"prompt": "of the variant"}, {"leaking": "keep"}),
        ({"chosen_keyword": None}, {}),
    ],
)
def test_what_a_policy_keeps_is_chosen(changes: dict[str, Any], policy: dict[str, str]) -> None:
    """A sample without a keyword stands under one that says so, and can be read again."""
    found = chosen(candidate(1, **changes), **policy)
    assert fates(found) == [("chosen", "")]
    if "chosen_keyword" in changes:
        assert found.samples["chosen_keyword"].to_list() == ["unlisted: unlisted"]


def test_scenes_are_dealt_out_in_rounds() -> None:
    """Four of a large and a small scene are two and two, not four of the large one; a scene has its limit."""
    large, small = (
        [candidate(number, scene) for number in numbers]
        for scene, numbers in (("era: yard", range(1, 9)), ("era: alley", range(9, 11)))
    )
    found = chosen(*large, *small, samples=4)
    assert found.samples["scene"].value_counts(sort=True).rows() in (
        [("yard", 2), ("alley", 2)],
        [("alley", 2), ("yard", 2)],
    )
    assert [each for each, _ in fates(found)].count("benchmark_full") == 6
    limited = chosen(*large, *small, per_scene=3)
    assert sorted(limited.samples["scene"].value_counts().rows()) == [("alley", 2), ("yard", 3)]
    assert ("scene_full", "3 stand before it") in fates(limited)


@settings(max_examples=15)
@given(st.permutations(range(12)), st.integers(1, 12), st.integers(0, 5))
def test_order_decides_nothing_and_more_hold_fewer(order: list[int], count: int, seed: int) -> None:
    """Chosen and not chosen are all candidates; one seed gives the same, and a larger benchmark holds the smaller."""
    rows = [candidate(number, f"era: scene {number % 3}") for number in range(12)]
    first = chosen(*rows, samples=count, seed=seed)
    again = chosen(*(rows[place] for place in order), samples=count, seed=seed)
    assert first.samples.equals(again.samples)
    assert first.candidates.equals(again.candidates)
    assert first.candidates.height == 12
    assert first.samples.height == count
    larger = chosen(*rows, samples=count + 1, seed=seed)
    assert set(first.samples["id"]) <= set(larger.samples["id"])


def test_another_seed_gives_others() -> None:
    """Of twelve, three."""
    rows = [candidate(number) for number in range(12)]
    assert len({tuple(chosen(*rows, samples=3, seed=seed).samples["id"]) for seed in range(5)}) > 1


def test_no_candidate_is_an_error_that_counts_the_reasons() -> None:
    """The old benchmark stays."""
    with pytest.raises(EmptyOutputError) as caught:
        chosen(candidate(1, frames=80), candidate(2, prompt=None))
    assert caught.value.got == "1 no_prompt, 1 uneven_length"
    assert {fate.value for fate in Fate} >= {"no_prompt", "uneven_length"}
