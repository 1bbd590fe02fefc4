"""Means over all samples and over judged ones, by theme, subtheme and macro; differences on the same samples."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.made.judgments import all_alike, bench_samples, even_samples, panel_of

from sparkle_curation.bench.results.means import measure
from sparkle_curation.spec.themes import THEMES

SAMPLES = even_samples()
IDS = SAMPLES["sample_id"].to_list()
FIVES = all_alike(SAMPLES, 5, 5, 5, 5, 5, 5)
FIRST, SECOND = THEMES[:2]


def row_of(table: pl.DataFrame, **where: Any) -> dict[str, Any]:
    """The one row that has these values."""
    return table.filter(*(pl.col(name).eq_missing(pl.lit(value)) for name, value in where.items())).row(
        0, named=True
    )


def measured(samples: pl.DataFrame, answers: Any, **options: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Results and differences, with few draws."""
    return measure([panel_of(samples, answers, **options)], resamples=200, seed=0)


def test_headline_counts_failures_and_stands_beside_the_mean_over_judged() -> None:
    """One of six samples of a theme failed: 5 becomes 4.33 in the theme, 4.67 in the macro, and 5 over the judged."""
    results, _ = measured(SAMPLES, {"a": {**FIVES, IDS[0]: "missing_edited"}})
    theme = row_of(results, level="theme", theme=FIRST, dimension="overall")
    assert (theme["n_rows"], theme["n_judged"]) == (6, 5)
    assert theme["mean_failures_worst"] == pytest.approx(26 / 6)
    assert theme["mean_judged"] == 5
    macro = row_of(results, level="macro", dimension="overall")
    assert macro["mean_failures_worst"] == pytest.approx((26 / 6 + 5) / 2)
    assert macro["ci_low"] < macro["mean_failures_worst"] <= macro["ci_high"] <= 5


def test_macro_is_the_mean_of_themes_whatever_their_size() -> None:
    """Four samples of one theme and one of the other weigh alike."""
    samples = bench_samples(*((f"a{n}", FIRST, "x", None) for n in range(4)), ("b", SECOND, "x", None))
    answers = {**{f"a{n}": [5] * 6 for n in range(4)}, "b": [1] * 6}
    results, _ = measured(samples, {"m": answers})
    assert row_of(results, level="macro", dimension="visual")["mean_failures_worst"] == 3


def test_no_macro_over_judged_where_a_theme_has_none() -> None:
    """The headline is there, with its failures; a mean over fewer themes would hide them."""
    failed = {each: "broken" for each in IDS if each.startswith(f"{SECOND}_")}
    results, _ = measured(SAMPLES, {"m": {**FIVES, **failed}})
    macro = row_of(results, level="macro", dimension="overall")
    assert macro["mean_failures_worst"] == 3
    assert macro["mean_judged"] is None
    assert macro["cut_by_cap"] is None


def test_what_the_cap_cuts_is_counted() -> None:
    """Scores of 5 under an instruction score of 3 lose 2 each; the capping dimension none."""
    results, _ = measured(SAMPLES, {"m": all_alike(SAMPLES, 3, 5, 5, 3, 2, 1)})
    visual = row_of(results, level="macro", dimension="visual")
    assert (visual["cut_by_cap"], visual["cut_share"]) == (2, 1)
    assert row_of(results, level="macro", dimension="instruction")["cut_by_cap"] == 0
    overall = row_of(results, level="macro", dimension="overall")
    assert overall["cut_by_cap"] == pytest.approx(4 / 6)
    assert overall["cut_share"] == pytest.approx(2 / 6)


def test_samples_without_subtheme_have_a_row_of_their_own() -> None:
    """Their metadata are missing; they count in the theme, too."""
    samples = bench_samples(("a", FIRST, "x", None), ("b", FIRST, None, None))  # type: ignore[arg-type]
    results, _ = measured(samples, {"m": {"a": [5] * 6, "b": "missing_metadata"}})
    of_unknown = row_of(results, level="subtheme", subtheme="unknown", dimension="overall")
    assert (of_unknown["n_rows"], of_unknown["mean_failures_worst"]) == (1, 1)
    assert row_of(results, level="theme", theme=FIRST, dimension="overall")["n_rows"] == 2


def test_differences_are_on_the_same_samples() -> None:
    """A model that is one better on each sample is so surely, however much samples differ."""
    base = {each: [1 + place % 4] * 6 for place, each in enumerate(IDS)}
    better = {each: [score + 1 for score in scores] for each, scores in base.items()}
    _, differences = measured(SAMPLES, {"better": better, "base": {**base, IDS[0]: "refused"}})
    macro = row_of(differences, level="macro", dimension="overall")
    assert (macro["model"], macro["other_model"]) == ("base", "better")
    assert macro["mean_difference"] == pytest.approx(-1)  # the failed one had the worst score anyhow
    assert (macro["n_rows"], macro["n_both_judged"]) == (12, 11)
    assert macro["mean_difference_judged"] == pytest.approx(-1)
    assert macro["ci_low"] is None  # all alike: no interval says more
    assert differences.height == 7 * (1 + 2 + 4)


def test_the_order_of_rows_does_not_matter() -> None:
    """Neither of samples within a theme nor of judgments."""
    answers = {each: [1 + place % 5] * 6 for place, each in enumerate(IDS)}
    straight, _ = measured(SAMPLES, {"m": answers})
    turned, _ = measured(SAMPLES, {"m": dict(reversed(answers.items()))})
    assert straight.equals(turned)
