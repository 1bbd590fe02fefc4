"""What repeats of a judge and several training runs tell."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.made.judgments import JUDGE, RUBRIC, SCALES, all_alike, even_samples, judged

from sparkle_curation.bench.results.noise import measure_judge_noise, split_variances
from sparkle_curation.bench.results.panel import Panel, build_panels
from sparkle_curation.errors import ParameterError
from sparkle_curation.spec.tables.bench_results import OVERALL

SAMPLES = even_samples()
IDS = SAMPLES["sample_id"].to_list()


def joined(*tables: tuple[pl.DataFrame, pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judgments and scores of several repeats or models."""
    judgments, scores = zip(*tables, strict=True)
    return pl.concat(judgments), pl.concat(scores)


def test_noise_is_measured_where_a_sample_was_judged_twice() -> None:
    """Of four samples two differ by 1: the variance of one answer is a quarter, half the pairs are equal."""
    first = {each: [3] * 6 for each in IDS}
    again = {IDS[0]: [4] * 6, IDS[1]: [2] * 6, IDS[2]: [3] * 6, IDS[3]: [3] * 6, IDS[4]: "unparsable"}
    noise = measure_judge_noise(*joined(judged({"m": first}), judged({"m": again}, repeat=1)))
    overall = noise.filter(pl.col("dimension") == OVERALL).row(0, named=True)
    assert (overall["n_samples"], overall["n_changed_state"]) == (4, 1)
    assert overall["noise_sd"] == pytest.approx(0.5)
    assert overall["mean_absolute_difference"] == pytest.approx(0.5)
    assert overall["same_share"] == 0.5
    assert noise.height == 7


def test_without_repeats_there_is_no_noise_to_report() -> None:
    """The table has its columns and no row."""
    noise = measure_judge_noise(*judged({"m": all_alike(SAMPLES, 3, 3, 3, 3, 3, 3)}))
    assert noise.height == 0
    assert "noise_sd" in noise.columns


def made_panel(values: np.ndarray) -> Panel:
    """A panel of (samples, runs) scores of one dimension, of two themes."""
    samples, runs = values.shape
    return Panel(
        rubric=RUBRIC,
        judge=JUDGE,
        models=tuple(f"run{place}" for place in range(runs)),
        dimensions=("instruction",),
        samples=pl.DataFrame(),
        themes=np.arange(samples) % 2,
        theme_names=("a", "b"),
        clips=np.arange(samples),
        capped=values[:, :, None],
        raw=values[:, :, None],
        is_judged=np.ones(values.shape, dtype=bool),
    )


def test_seed_sample_and_judge_stand_apart() -> None:
    """The four standard deviations that the scores were made with come out again, each within what its number allows."""
    rng = np.random.default_rng(4)
    samples, runs, judge_sd = 2_000, 40, 0.5
    values = 3 + rng.normal(scale=0.3, size=(1, runs)) + rng.normal(scale=1.0, size=(samples, 1))
    values = (
        values
        + rng.normal(scale=0.4, size=(samples, runs))
        + rng.normal(scale=judge_sd, size=(samples, runs))
    )
    noise = pl.DataFrame(
        {"rubric": [RUBRIC], "judge": [JUDGE], "dimension": ["instruction"], "noise_sd": [judge_sd]}
    )
    panel = made_panel(values)
    found = split_variances([panel], {"strict": list(panel.models)}, noise).row(0, named=True)
    assert found["seed_variance"] ** 0.5 == pytest.approx(0.3, rel=0.4)
    assert found["sample_variance"] ** 0.5 == pytest.approx(1.0, rel=0.1)
    assert found["seed_by_sample_variance"] ** 0.5 == pytest.approx(0.4, rel=0.1)
    assert found["judge_variance"] == judge_sd**2
    parts = [found[name] ** 2 for name in ("seed_se", "sample_se", "judge_se")]
    assert found["total_se"] ** 2 == pytest.approx(sum(parts))
    assert found["seed_se"] == pytest.approx(0.3 / 40**0.5, rel=0.4)


def test_runs_alike_have_no_seed_variance() -> None:
    """What the judge's noise explains of the macros is not the seed's; without repeats its share is not known."""
    rng = np.random.default_rng(5)
    values = rng.normal(size=(200, 1)) + rng.normal(scale=0.5, size=(200, 3))
    no_repeats = pl.DataFrame(
        schema={"rubric": pl.String, "judge": pl.String, "dimension": pl.String, "noise_sd": pl.Float64}
    )
    panel = made_panel(values)
    found = split_variances([panel], {"v": list(panel.models)}, no_repeats).row(0, named=True)
    assert found["seed_variance"] < 0.01
    assert found["judge_variance"] is None
    assert found["judge_se"] is None


@pytest.mark.parametrize(
    ("runs", "told"), [(["good", "goood"], "did you mean 'good'"), (["good"], "One training run")]
)
def test_training_runs_are_models_of_the_report(runs: list[str], told: str) -> None:
    """A misspelt name is told, and a single run."""
    panels = build_panels(SAMPLES, *judged({"good": all_alike(SAMPLES, 3, 3, 3, 3, 3, 3)}), SCALES)
    noise = measure_judge_noise(*judged({}))
    with pytest.raises(ParameterError, match=told):
        split_variances(panels, {"strict": runs}, noise)
