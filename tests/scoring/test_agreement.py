"""How released scores and rescores agree: literal figures, and what must hold of any scores."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sparkle_curation.errors import MissingTableError
from sparkle_curation.reports.figures.agreement import draw_agreement
from sparkle_curation.scoring.agreement import as_metrics, count_crossings, measure, pair_scores
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES

STAGE = STAGES[0]
THRESHOLDS = {"edited_frame0": 8.0, "foreground_removed": 8.5, "edited_video": 8.0}

scores = st.floats(0, 10).map(lambda value: round(value, 1))


def table(**by_id: float | None) -> pl.LazyFrame:
    """Scores of samples of one theme, by the end of their ids."""
    ids = [f"Sparkle_time_00000{key[1:]}" for key in by_id]
    return pl.LazyFrame(
        {"id": ids, "theme": "time", STAGE.score_column: list(by_id.values())},
        schema={"id": pl.String, "theme": pl.String, STAGE.score_column: pl.Float64},
    )


def pairs_of(both: list[tuple[float | None, float | None]]) -> pl.DataFrame:
    """Pairs of one stage and theme."""
    rows = [("edited_frame0", "time", f"Sparkle_time_{n:06d}", *pair) for n, pair in enumerate(both)]
    schema = {
        "stage": pl.String,
        "theme": pl.String,
        "id": pl.String,
        "released": pl.Float64,
        "rescored": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def total(both: list[tuple[float | None, float | None]]) -> dict[str, object]:
    """The figures of all samples."""
    return measure(pairs_of(both), THRESHOLDS).filter(pl.col("theme") == "total").row(0, named=True)


def test_a_sample_of_one_side_is_a_pair_too() -> None:
    """With null for the other; a score that is no finite number is none."""
    found = pair_scores(STAGE, table(_1=8.0, _2=9.0), table(_2=8.5, _3=7.0, _4=float("nan"), _5=None))
    assert found.select(pl.col("id").str.tail(1), "released", "rescored").rows() == [
        ("1", 8.0, None),
        ("2", 9.0, 8.5),
        ("3", None, 7.0),
    ]


def test_nothing_scored_anew_is_reported() -> None:
    """With the pipeline that scores."""
    with pytest.raises(MissingTableError, match="--pipelines score"):
        pair_scores(STAGE, table(_1=8.0), pl.LazyFrame())


def test_the_figures_of_a_few_samples() -> None:
    """Worked out by hand; a score equal to the threshold is kept."""
    found = total([(8.0, 7.9), (7.0, 8.0), (9.0, 9.5), (6.0, 6.0), (5.0, None), (None, 9.0)])
    assert (found["compared"], found["only_released"], found["only_rescored"]) == (4, 1, 1)
    assert (found["threshold"], found["gained"], found["lost"]) == (8.0, 1, 1)
    assert found["mean_absolute_difference"] == pytest.approx(0.4)
    assert found["mean_difference"] == pytest.approx(0.35)
    assert found["spearman"] == pytest.approx(0.8)


@pytest.mark.parametrize("both", [[], [(8.0, 9.0)], [(8.0, 9.0), (8.0, 7.0)], [(8.0, None), (None, 9.0)]])
def test_where_ranks_say_nothing_there_is_no_correlation(
    both: list[tuple[float | None, float | None]],
) -> None:
    """Null, and not NaN, which JSON does not have."""
    rows = measure(pairs_of(both), THRESHOLDS).to_dicts()
    assert all(row["spearman"] is None for row in rows)


@given(st.lists(st.tuples(scores, scores), min_size=2, max_size=30))
def test_spearman_is_that_of_scipy(both: list[tuple[float, float]]) -> None:
    """Ties share their rank."""
    ours = total(both)["spearman"]
    if len({a for a, _ in both}) == 1 or len({b for _, b in both}) == 1:
        assert ours is None
    else:
        assert ours == pytest.approx(stats.spearmanr(*zip(*both, strict=True)).statistic, abs=1e-9)


@given(st.lists(st.tuples(scores, scores), max_size=20))
def test_order_changes_nothing_and_sides_mirror(both: list[tuple[float, float]]) -> None:
    """What the rescore gains, the release loses when they change places."""
    mirrored = [(b, a) for a, b in reversed(both)]
    here, there = (measure(pairs_of(one), THRESHOLDS).to_dicts() for one in (both, mirrored))
    for one, other in zip(here, there, strict=True):
        assert (one["gained"], one["lost"]) == (other["lost"], other["gained"])
        assert one["mean_absolute_difference"] == pytest.approx(other["mean_absolute_difference"])


@given(st.lists(st.tuples(scores, scores), min_size=1, max_size=20))
def test_the_current_threshold_is_one_of_all(both: list[tuple[float, float]]) -> None:
    """The crossings at 8.0 are those of the figures; at 0 nobody changes sides."""
    crossings = count_crossings(pairs_of(both)).filter(pl.col("theme") == "total")
    assert crossings.height == 101
    found = total(both)
    at = crossings.filter(pl.col("threshold") == 8.0).row(0, named=True)
    assert (at["gained"], at["lost"]) == (found["gained"], found["lost"])
    assert crossings.row(0)[-2:] == (0, 0)


def test_metrics_are_nested_by_stage_and_theme() -> None:
    """As DVC compares them."""
    metrics = as_metrics(measure(pairs_of([(8.0, 9.0), (7.0, 6.0)]), THRESHOLDS))
    assert list(metrics) == ["edited_frame0"]
    assert list(metrics["edited_frame0"]) == ["time", "total"]
    assert metrics["edited_frame0"]["total"]["compared"] == 2


def test_the_figure_has_a_map_and_two_lines_per_stage() -> None:
    """Each sample is in one cell; a stage without samples stays empty, and says so."""
    pairs = pairs_of([(8.0, 9.0), (7.0, 6.0), (10.0, 10.0), (0.0, None)])
    figure = draw_agreement(pairs, measure(pairs, THRESHOLDS), count_crossings(pairs), THRESHOLDS)
    assert [trace["type"] for trace in figure["data"]] == ["heatmap", "scatter", "scatter"] * len(STAGE_NAMES)
    assert sum(count or 0 for row in figure["data"][0]["z"] for count in row) == 3
    assert "nothing to compare" in figure["layout"]["annotations"][1]["text"]


def test_the_figure_follows_the_stages_that_have_a_threshold() -> None:
    """Maps in the upper row and lines below, each on axes of its own."""
    pairs = pairs_of([(8.0, 9.0), (7.0, 6.0)])
    thresholds = {"edited_frame0": 8.0, "another_stage": 6.5}
    figure = draw_agreement(pairs, measure(pairs, THRESHOLDS), count_crossings(pairs), thresholds)
    assert [trace["xaxis"] for trace in figure["data"]] == ["x", "x3", "x3", "x2", "x4", "x4"]
    assert [note["text"].partition("</b>")[0] for note in figure["layout"]["annotations"]] == [
        "<b>edited frame 0",
        "<b>another stage",
    ]
    assert (figure["layout"]["grid"]["rows"], figure["layout"]["grid"]["columns"]) == (2, 2)
