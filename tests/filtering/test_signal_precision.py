"""What bounds on signals are worth by labelled samples."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.filtering.signal_precision import describe_set, measure_signal_precision
from sparkle_curation.spec.tables.signals import SIGNALS

FIDELITY = SIGNALS[0].name


def tables(labels: list[str | None], values: list[float | None]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Verdicts with these decisions, and signals whose first has these values."""
    ids = [f"Sparkle_time_{number:06d}" for number in range(len(labels))]
    verdicts = pl.DataFrame({"id": ids, "override": labels}, schema={"id": pl.String, "override": pl.String})
    others = [pl.lit(None, pl.Float64).alias(field.name) for field in SIGNALS[1:]]
    signals = pl.DataFrame({"id": ids, FIDELITY: values}, schema={"id": pl.String, FIDELITY: pl.Float64})
    return verdicts, signals.with_columns(others)


def test_precision_and_recall_of_a_set_bound() -> None:
    """Below it are two bad samples and a good one, above it a bad one; nobody decided about the last two."""
    labels = ["drop", "drop", "keep", "drop", "keep", None, None]
    verdicts, signals = tables(labels, [0.1, 0.2, 0.3, 0.4, 0.9, 0.0, None])
    found = measure_signal_precision(verdicts.lazy(), signals.lazy(), {FIDELITY: {"at_least": 0.4}})
    (row,) = found.filter("is_set").to_dicts()
    assert (row["labelled_count"], row["bad_count"], row["left_out_count"], row["left_out_bad_count"]) == (
        5,
        3,
        3,
        2,
    )
    assert (row["precision"], row["recall"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert row["precision_low"] < 2 / 3 < row["precision_high"]
    (told,) = describe_set(found)
    assert told.startswith(
        f"signal_bounds.{FIDELITY}.at_least=0.4: of 3 labelled samples that it leaves out 67% (21% to 94%)"
    )
    assert told.endswith("; of 3 dropped by hand it leaves out 67% (21% to 94%)")


def test_a_bound_that_leaves_nothing_out_has_no_precision() -> None:
    """A share of nothing is none, and its interval is all that there is."""
    verdicts, signals = tables(["keep", "drop"], [0.5, 0.6])
    (row,) = (
        measure_signal_precision(verdicts, signals, {FIDELITY: {"at_least": 0.1}}).filter("is_set").to_dicts()
    )
    assert (row["precision"], row["precision_low"], row["precision_high"], row["recall"]) == (
        None,
        0.0,
        1.0,
        0.0,
    )


@pytest.mark.parametrize("is_measured", [True, False])
def test_without_labels_or_signals_there_are_no_rows(*, is_measured: bool) -> None:
    """The table is there all the same."""
    verdicts, signals = tables([None, None], [0.5, 0.6])
    found = measure_signal_precision(verdicts, signals if is_measured else pl.DataFrame(), {})
    assert found.is_empty()
    assert "precision" in found.columns


@given(
    st.lists(st.tuples(st.sampled_from(["keep", "drop", None]), st.none() | st.floats(-1, 1)), max_size=20)
)
def test_a_tighter_bound_never_finds_less(samples: list[tuple[str | None, float | None]]) -> None:
    """Along a side, left out samples and recall grow, and no bound leaves out more than is labelled."""
    verdicts, signals = tables([label for label, _ in samples], [value for _, value in samples])
    found = measure_signal_precision(verdicts, signals, {}).sort("bound")
    assert found["left_out_count"].is_sorted()
    assert found["recall"].drop_nulls().is_sorted()
    assert (found["left_out_count"] <= found["labelled_count"]).all()
