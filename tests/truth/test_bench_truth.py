"""Our table of a benchmark against the one that the published evaluator's own code made of the same answers."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests.made.judgments import JUDGE, RUBRIC, SCALE, bench_samples, panel_of
from tests.truth.record_bench import ANSWERS

from sparkle_curation.bench.results.means import measure
from sparkle_curation.reports.bench.published_format import write_published_format
from sparkle_curation.spec.tables.bench_results import OVERALL

RECORDED = json.loads(Path(ANSWERS).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results() -> pl.DataFrame:
    """The results of the recorded models."""
    answers = {
        model: {
            f"{theme}_{place}": list(map(int, six))
            for theme, scores in by_theme.items()
            for place, six in enumerate(scores)
        }
        for model, by_theme in RECORDED["models"].items()
    }
    themes = {sample_id: sample_id.rpartition("_")[0] for sample_id in next(iter(answers.values()))}
    samples = bench_samples(*((sample_id, theme, "made", None) for sample_id, theme in themes.items()))
    panel = panel_of(samples, answers)
    assert panel.judge == JUDGE
    return measure([panel], resamples=200, seed=0)[0]


def test_the_table_is_theirs_byte_by_byte(results: pl.DataFrame) -> None:
    """On complete data, for three models, by theme and macro."""
    parts = [
        "\n".join([f"=== {model} ({RUBRIC}, {JUDGE}) ===", *lines])
        for model, lines in sorted(RECORDED["table"].items())
    ]
    assert write_published_format(results) == "\n\n".join(parts) + "\n"


def test_the_means_are_theirs_with_all_their_digits(results: pl.DataFrame) -> None:
    """Of each theme: the dimensions exactly; the overall but for what later Pythons add up otherwise."""
    for model, by_theme in RECORDED["means"].items():
        for theme, means in by_theme.items():
            rows = results.filter(
                (pl.col("model") == model) & (pl.col("level") == "theme") & (pl.col("theme") == theme)
            )
            ours = dict(rows.select("dimension", "mean_judged").iter_rows())
            assert {key: ours[key] for key in SCALE.keys} == {key: means[key] for key in SCALE.keys}
            assert ours[OVERALL] == pytest.approx(means["overall"], rel=1e-15)
            assert rows["n_judged"].unique().to_list() == [means["count"]]
            assert rows["mean_judged"].equals(rows["mean_failures_worst"])
