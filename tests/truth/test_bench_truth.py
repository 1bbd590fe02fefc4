"""Our table of a benchmark against the one that the published evaluator's own code made of the same answers."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from tests.made.judgments import RUBRIC, SCALE, SCALES, bench_samples
from tests.truth.record_bench import ANSWERS, score_record

from sparkle_curation.bench.results.means import measure
from sparkle_curation.bench.results.panel import build_panels
from sparkle_curation.bench.results.published_scores import read_published_scores
from sparkle_curation.reports.bench.published_format import write_published_format
from sparkle_curation.spec.tables.bench_results import OVERALL

RECORDED = json.loads(Path(ANSWERS).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results() -> pl.DataFrame:
    """The results of the recorded models, read from score files as the evaluator writes them."""
    first = next(iter(RECORDED["models"].values()))
    samples = bench_samples(
        *((f"{theme}_{place}", theme, "made", None) for theme, scores in first.items() for place in range(len(scores)))
    )
    files = {
        model: {
            f"{theme}_{RECORDED['judge']}_sparkle_score.jsonl": "\n".join(
                json.dumps(score_record(f"{theme}_{place}", theme, six)) for place, six in enumerate(scores)
            ).encode()
            for theme, scores in by_theme.items()
        }
        for model, by_theme in RECORDED["models"].items()
    }
    read = read_published_scores(files, samples, SCALES)
    assert read.faults.height == 0
    found, _ = measure(build_panels(samples, read.judgments, read.scores, SCALES), resamples=200, seed=0)
    return found


def test_the_table_is_theirs_byte_by_byte(results: pl.DataFrame) -> None:
    """On complete data, for three models, by theme and macro."""
    parts = [
        "\n".join([f"=== {model} ({RUBRIC}, {RECORDED['judge']}) ===", *lines])
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
            assert {key: ours[key] for key in SCALE.keys} == {key: means[key] for key in SCALE.keys}  # noqa: SIM118
            assert ours[OVERALL] == pytest.approx(means["overall"], rel=1e-15)
            assert rows["n_judged"].unique().to_list() == [means["count"]]
            assert rows["mean_judged"].equals(rows["mean_failures_worst"])
