"""Judgments of models about the same samples, and what keeps them from being compared."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from tests.made.judgments import SCALES, all_alike, even_samples, judged, panel_of

from sparkle_curation.bench.results.panel import MissingJudgments, build_panels
from sparkle_curation.errors import MissingTableError, ParameterError, StaleTableError

SAMPLES = even_samples()
FIVES = all_alike(SAMPLES, 5, 5, 5, 5, 5, 5)
IDS = SAMPLES["sample_id"].to_list()


def test_a_failure_counts_as_the_worst_in_every_dimension() -> None:
    """Whatever the failure is; what was judged has its scores, capped and raw."""
    panel = panel_of(SAMPLES, {"a": {**FIVES, IDS[0]: "refused", IDS[1]: [2, 5, 1, 5, 5, 5]}})
    assert panel.capped[0, 0].tolist() == [1] * 6
    assert np.isnan(panel.raw[0, 0]).all()
    assert panel.capped[1, 0].tolist() == [2, 2, 1, 2, 2, 2]
    assert panel.raw[1, 0].tolist() == [2, 5, 1, 5, 5, 5]
    assert panel.is_judged[:, 0].tolist() == [False] + [True] * 11


def test_of_repeats_the_first_one_counts() -> None:
    """Also where it failed and a later one did not."""
    tables = [
        judged({"a": answers}, repeat=repeat)
        for repeat, answers in ((1, FIVES), (0, {**FIVES, IDS[0]: "broken"}))
    ]
    (panel,) = build_panels(SAMPLES, *map(pl.concat, zip(*tables, strict=True)), SCALES)
    assert panel.is_judged.sum() == len(IDS) - 1


def test_nothing_judged_says_what_to_run() -> None:
    """No row of judgments is told before anything else."""
    with pytest.raises(MissingTableError, match="bench_evaluate"):
        build_panels(SAMPLES, *judged({}), SCALES)


def test_an_unknown_model_is_answered_with_the_nearest() -> None:
    """The error names those that were judged."""
    with pytest.raises(ParameterError, match="did you mean 'good'"):
        panel_of(SAMPLES, {"good": FIVES}, models=["goood"])


def test_models_with_other_ids_are_not_compared_unless_asked_for() -> None:
    """The error counts what lacks; `worst` counts it so, `common` leaves it out for all."""
    models = {"a": FIVES, "b": {each: FIVES[each] for each in IDS[1:]}}
    with pytest.raises(StaleTableError, match=rf"b lacks 1 \({IDS[0]}\)"):
        panel_of(SAMPLES, models)
    worst = panel_of(SAMPLES, models, missing=MissingJudgments.WORST)
    assert worst.capped[0].tolist() == [[5] * 6, [1] * 6]
    assert (
        panel_of(SAMPLES, models, missing=MissingJudgments.COMMON).samples["sample_id"].to_list() == IDS[1:]
    )
    with pytest.raises(StaleTableError, match="no sample is common"):
        panel_of(SAMPLES, {"a": {IDS[0]: "broken"}, "b": {IDS[1]: "broken"}}, missing=MissingJudgments.COMMON)


def test_two_answering_models_as_one_judge_are_refused() -> None:
    """A judge that became another model in between gives scores that do not compare."""
    tables = [
        judged({model: FIVES}, answering=answering) for model, answering in (("a", "m-1"), ("b", "m-2"))
    ]
    with pytest.raises(StaleTableError, match="m-1, m-2"):
        build_panels(SAMPLES, *map(pl.concat, zip(*tables, strict=True)), SCALES)


def test_judgments_of_another_benchmark_are_refused() -> None:
    """A sample that the benchmark does not have is named."""
    with pytest.raises(StaleTableError, match="strange"):
        panel_of(SAMPLES, {"a": {**FIVES, "strange": "broken"}})


def test_a_rubric_that_is_not_described_is_told() -> None:
    """Its name and those that are."""
    with pytest.raises(ParameterError, match="rubric sparkle"):
        build_panels(SAMPLES, *judged({"a": FIVES}), {})


def test_each_judge_has_a_panel_of_its_own() -> None:
    """Two judges about one model are two panels."""
    tables = [judged({"a": FIVES}, judge=judge, answering=judge) for judge in ("x", "y")]
    panels = build_panels(SAMPLES, *map(pl.concat, zip(*tables, strict=True)), SCALES)
    assert [panel.judge for panel in panels] == ["x", "y"]
