"""Judgments of one's own beside scores that others have published."""

from __future__ import annotations

import polars as pl
import pytest
from tests.made.judgments import SCALES, bench_samples, judged, published

from sparkle_curation.bench.results.collecting import NOT_PUBLISHED, collect
from sparkle_curation.bench.results.means import measure
from sparkle_curation.bench.results.panel import build_panels
from sparkle_curation.errors import StaleTableError
from sparkle_curation.spec.themes import THEMES

SAMPLES = bench_samples(*((name, THEMES[0], "made", None) for name in "abc"))
NOTHING = pl.LazyFrame()
SIX = [4, 4, 3, 3, 2, 2]


def test_a_sample_without_whole_published_scores_is_a_failure() -> None:
    """One that the files lack, and one that lacks a dimension: both count as the worst, and not at all in the judged."""
    table = published("theirs", {"a": SIX, "b": SIX[:5]})
    judgments, scores = collect(NOTHING, NOTHING, table, SAMPLES, SCALES)
    assert judgments["state"].to_list() == ["judged", NOT_PUBLISHED, NOT_PUBLISHED]
    results, _ = measure(build_panels(SAMPLES, judgments, scores, SCALES), resamples=200, seed=0)
    macro = results.filter((pl.col("level") == "macro") & (pl.col("dimension") == "instruction")).row(
        0, named=True
    )
    assert (macro["mean_failures_worst"], macro["mean_judged"], macro["n_judged"]) == (2, 4, 1)


@pytest.mark.parametrize("state", ["not_asked", "unanswered"])
def test_what_the_judge_did_not_look_at_is_no_judgment(state: str) -> None:
    """Beyond the limit of a trial, or while its server was down: no score of a model, so a report asks for the rest."""
    table = judged({"ours": {"a": SIX, "b": "missing_edited", "c": state}})
    judgments, scores = collect(*table, NOTHING, SAMPLES, SCALES)
    assert judgments.select("sample_id", "state").rows() == [("a", "judged"), ("b", "missing_edited")]
    with pytest.raises(StaleTableError, match="Not all models were judged") as error:
        build_panels(SAMPLES, judgments, scores, SCALES)
    assert error.value.got == "ours lacks 1 (c)"


def test_a_model_that_the_judge_was_not_asked_about_is_none_of_a_report() -> None:
    """Where another one is judged alone; one that has no output at all is one all the same."""
    table = judged(
        {
            "ours": dict.fromkeys("abc", SIX),
            "later": {"a": "not_asked", "b": "missing_edited", "c": "broken"},
            "empty": dict.fromkeys("abc", "missing_edited"),
        }
    )
    (panel,) = build_panels(SAMPLES, *collect(*table, NOTHING, SAMPLES, SCALES), SCALES)
    assert panel.models == ("empty", "ours")


def test_the_cap_is_put_back_and_what_it_cut_is_unknown() -> None:
    """A published score above the one that caps it; those before the cap are not published, so nothing is said of them."""
    table = published("theirs", dict.fromkeys("abc", (2, 5, 1, 5, 5, 5)))
    judgments, scores = collect(NOTHING, NOTHING, table, SAMPLES, SCALES)
    assert scores["capped_score"].to_list() == [2, 2, 1, 2, 2, 2] * 3
    results, _ = measure(build_panels(SAMPLES, judgments, scores, SCALES), resamples=200, seed=0)
    assert results["cut_by_cap"].null_count() == results["cut_share"].null_count() == results.height


def test_published_models_stand_beside_ones_own() -> None:
    """One that was judged here by the same judge is not taken from the files, too."""
    table = published("theirs", dict.fromkeys("abc", SIX))
    own = judged({"theirs": dict.fromkeys("abc", [5] * 6)})
    judgments, scores = collect(*own, table, SAMPLES, SCALES)
    assert judgments.height == 3
    assert scores["capped_score"].unique().to_list() == [5]
    other = judged({"ours": dict.fromkeys("abc", [5] * 6)})
    (panel,) = build_panels(SAMPLES, *collect(*other, table, SAMPLES, SCALES), SCALES)
    assert panel.models == ("ours", "theirs")


def test_a_rubric_that_is_not_described_any_more_is_passed_over() -> None:
    """Of published scores; nobody here can judge by it."""
    judgments, scores = collect(NOTHING, NOTHING, published("theirs", {"a": SIX}), SAMPLES, {})
    assert judgments.height == scores.height == 0
