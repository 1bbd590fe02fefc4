"""How the filter's judge agrees with the benchmark's."""

from __future__ import annotations

import polars as pl
import pytest
from tests.made.judgments import even_samples, panel_of

from sparkle_curation.bench.results.filter_agreement import measure_filter_agreement
from sparkle_curation.errors import MissingTableError, ParameterError

SAMPLES = even_samples()
IDS = SAMPLES["sample_id"].to_list()
PANEL = panel_of(
    SAMPLES, {"release": {each: [1 + place % 5] * 6 for place, each in enumerate(IDS)} | {IDS[0]: "refused"}}
)


def test_two_judges_of_one_order_agree() -> None:
    """Ranks, means on either side of the threshold and AUC; a failed sample is not compared."""
    scores = pl.DataFrame({"id": IDS, "mean": [2.0 * (1 + place % 5) for place in range(len(IDS))]})
    found = measure_filter_agreement([PANEL], "release", scores, "mean", 8.0)
    total = found.filter(pl.col("theme") == "total").row(0, named=True)
    assert total["n_samples"] == len(IDS) - 1
    assert total["spearman"] == pytest.approx(1)
    assert (total["n_passed"], total["n_rejected"]) == (4, 7)
    assert total["mean_passed"] == 4.5
    assert total["auc"] == 1
    assert found.filter(pl.col("theme") != "total")["n_samples"].sum() == total["n_samples"]


def test_no_model_no_comparison() -> None:
    """An empty table with its columns."""
    assert measure_filter_agreement([PANEL], None, pl.DataFrame(), "mean", 8.0).height == 0


def test_an_unknown_model_and_absent_scores_are_told() -> None:
    """The first with the nearest name, the second with what to run."""
    with pytest.raises(ParameterError, match="did you mean 'release'"):
        measure_filter_agreement([PANEL], "releese", pl.DataFrame(), "mean", 8.0)
    with pytest.raises(MissingTableError, match="--pipelines ingest"):
        measure_filter_agreement([PANEL], "release", pl.DataFrame(), "mean", 8.0)
