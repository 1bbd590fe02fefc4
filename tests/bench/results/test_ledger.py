"""The ledger: which variant may have been tuned on a benchmark, and what is added to the file."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.made.judgments import even_samples

from sparkle_curation.bench.results.ledger import (
    add_entries,
    identify_benchmark,
    read_ledger,
    write_ledger,
)
from sparkle_curation.errors import VersionError
from sparkle_curation.variant.tuned_on_bench import TunedOnBench, mark_all, mark_tuned

BENCH = "Sparkle-Bench"
STRICT = {"thresholds": {"edited": 8.5}, "missing_scores": "reject", "imputed_scores": "keep", "settings": {}}
LOOSE = {**STRICT, "thresholds": {"edited": 8.0}}


def entry(variant: dict[str, Any] | None, tuned: str = "no", bench: str = BENCH) -> dict[str, Any]:
    """An entry of the ledger."""
    return {"bench": {"name": bench}, "model": "m", "variant": variant, "tuned_on_bench": tuned}


@pytest.mark.parametrize(
    ("entries", "variant", "state"),
    [
        (None, STRICT, "unknown"),  # no ledger
        ([], STRICT, "no"),
        ([entry(STRICT)], STRICT, "no"),
        ([entry(LOOSE)], STRICT, "yes"),  # other thresholds were evaluated before
        (
            [entry(STRICT), entry(LOOSE, "yes")],
            STRICT,
            "no",
        ),  # evaluated again, after others: it was made before them
        ([entry(STRICT, "unknown")], STRICT, "unknown"),  # what was not known then is not known now
        ([entry(LOOSE, bench="Another")], STRICT, "no"),
        ([entry(None)], STRICT, "no"),  # a model of others says nothing of thresholds
        ([entry(LOOSE)], {**STRICT, "thresholds": None}, "unknown"),
        ([entry(LOOSE)], None, "unknown"),
    ],
)
def test_a_variant_made_after_others_were_evaluated_is_marked(
    entries: list[dict[str, Any]] | None, variant: dict[str, Any] | None, state: str
) -> None:
    """On the same benchmark, with other thresholds, before it; and never where that is not known."""
    assert mark_tuned(entries, BENCH, variant) is TunedOnBench(state)


def test_the_same_again_adds_nothing() -> None:
    """The time does not count; what says something new is added behind all else."""
    once = add_entries([], [entry(STRICT)], "2026-01-01")
    assert add_entries(once, [entry(STRICT)], "2026-02-02") == once
    twice = add_entries(once, [entry(LOOSE, "yes")], "2026-02-02")
    assert [each["noted_at"] for each in twice] == ["2026-01-01", "2026-02-02"]
    assert read_ledger(write_ledger(twice), where="x") == twice


def test_each_benchmark_of_a_ledger_says_whether_a_variant_was_tuned_on_it() -> None:
    """A benchmark on which nothing was evaluated whose settings are known says nothing of a variant."""
    ledger = [entry(STRICT), entry(None, bench="other"), entry(LOOSE, "unknown", bench="third")]
    assert mark_all(ledger, STRICT) == {BENCH: "no", "other": "unknown", "third": "yes"}
    assert mark_all(ledger, LOOSE) == {BENCH: "yes", "other": "unknown", "third": "unknown"}
    assert mark_all(None, LOOSE) == {}


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        "{}",
        '{"bench": {"name": "x"}, "variant": null, "tuned_on_bench": "?"}',
        '{"bench": {"name": "x"}, "variant": "strict", "tuned_on_bench": "no"}',
        '{"bench": {"name": "x"}, "variant": null, "tuned_on_bench": "no"',
    ],
)
def test_a_line_that_is_none_is_told_with_its_number(line: str) -> None:
    """What a merge leaves must not pass for an entry, nor be lost by writing the file anew."""
    with pytest.raises(VersionError, match="x, line 2"):
        read_ledger(write_ledger([entry(STRICT)]) + line, where="x")


def test_a_benchmark_is_known_by_ids_prompts_and_clips() -> None:
    """Their order does not matter."""
    samples = even_samples()
    assert identify_benchmark(samples) == identify_benchmark(samples.reverse())
    assert identify_benchmark(samples) != identify_benchmark(
        samples.with_columns(pl.lit("other").alias("edit_prompt"))
    )
