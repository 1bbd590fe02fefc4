"""Bounds on signals: who is left out, for which of them, and what becomes of those without."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.errors import MissingTableError
from sparkle_curation.filtering.signal_bounds import SignalBoundsModel, find_out_of_bounds, resolve_bounds

IDS = ["Sparkle_time_000001", "Sparkle_time_000002", "Sparkle_time_000003", "Sparkle_time_000004"]
SAMPLES = pl.DataFrame({"id": IDS, "theme": ["time"] * 4})
SIGNALS = pl.DataFrame(
    {
        "id": IDS[:3],
        "foreground_fidelity_min": [0.4, 0.39, None],
        "prompt_chars": [100, 900, 100],
        "error": [None, None, "no_mask"],
    },
    schema_overrides={"error": pl.String},
)
FIDELITY = {"foreground_fidelity_min": {"at_least": 0.4}}


def left_out(bounds: dict[str, dict[str, float]], missing: Any = "keep") -> list[tuple[str, str]]:
    """Ids and details."""
    found = find_out_of_bounds(SAMPLES, SIGNALS.lazy(), bounds, missing)
    return found.select("id", "detail").rows()


def test_a_value_at_a_bound_is_kept_and_one_beyond_is_told() -> None:
    """Each broken bound stands in the detail; without the signal a sample is let through."""
    assert left_out(FIDELITY) == [(IDS[1], "foreground_fidelity_min is 0.39, below 0.4")]
    both = {**FIDELITY, "prompt_chars": {"at_least": 1, "at_most": 500}}
    told = "foreground_fidelity_min is 0.39, below 0.4; prompt_chars is 900, above 500"
    assert left_out(both) == [(IDS[1], told)]


def test_without_the_signal_the_policy_decides() -> None:
    """``reject`` leaves out, with why the signal is lacking: the error, or that nobody measured the sample."""
    assert left_out(FIDELITY, "reject")[1:] == [
        (IDS[2], "foreground_fidelity_min is not known: no_mask"),
        (IDS[3], "foreground_fidelity_min is not known: not measured"),
    ]


def test_without_a_bound_no_signal_is_read() -> None:
    """A table that fails when read shows it."""
    assert find_out_of_bounds(SAMPLES, pl.scan_parquet("nowhere.parquet"), {}, "reject").is_empty()


def test_bounds_without_signals_stop_with_what_to_run() -> None:
    """The pipeline that measures them, and how to go without."""
    with pytest.raises(MissingTableError, match="kedro run --pipelines signals"):
        find_out_of_bounds(SAMPLES, pl.LazyFrame(), FIDELITY, "keep")


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_tighter_bound_never_keeps_more(one: float, other: float) -> None:
    """Whom the looser of two bounds leaves out, the tighter leaves out too."""
    loose, tight = sorted((one, other))
    bounds = [{"foreground_fidelity_min": {"at_least": value}} for value in (loose, tight)]
    by_loose, by_tight = ({name for name, _ in left_out(each)} for each in bounds)
    assert by_loose <= by_tight


def test_what_is_not_set_is_no_bound() -> None:
    """Null for a signal or a side, and null for all, are no bound."""
    model = SignalBoundsModel.model_validate({"flicker_excess": None, "prompt_chars": {"at_least": None}})
    assert resolve_bounds(model) == resolve_bounds(None) == {}
