"""Samples that a benchmark shares are marked, and what could not be compared is said."""

from __future__ import annotations

import polars as pl
import pytest

from sparkle_curation.filtering.benchmark_leaks import describe_lacking, mark_leaks, summarise_leaks

A, B = "Sparkle_time_000001", "Sparkle_time_000002"
VERDICTS = pl.DataFrame(
    {"id": [A, B], "benchmark_leak": pl.Series([None, None], dtype=pl.String), "is_kept": [True, True]}
)


def comparison(**counts: int) -> pl.DataFrame:
    """A likeness with its counts."""
    row = {
        "benchmark": "made",
        "likeness": "content",
        "bench_count": 24,
        "bench_compared_count": 24,
        "release_count": 2,
        "release_compared_count": 2,
        "pair_count": 1,
        "bench_leaking_count": 1,
        "release_leaking_count": 1,
    }
    return pl.DataFrame([row | counts])


def test_a_sample_says_what_it_shares() -> None:
    """The first three likenesses and how many more; the columns keep their order, and the others are null."""
    leakage = pl.DataFrame(
        {
            "release_id": [B] * 5,
            "sample_id": ["s1", "s1", "s2", "s3", "s4"],
            "likeness": ["id", *["prompt"] * 4],
        }
    )
    marked = mark_leaks(VERDICTS, leakage)
    assert marked.columns == VERDICTS.columns
    assert marked["benchmark_leak"].to_list() == [None, "id of s1; prompt of s1; prompt of s2; 2 more"]


@pytest.mark.parametrize(
    "leakage",
    [pl.LazyFrame(), pl.LazyFrame(schema=dict.fromkeys(("release_id", "sample_id", "likeness"), pl.String))],
)
def test_without_a_benchmark_nothing_is_marked_or_said(leakage: pl.LazyFrame) -> None:
    """Never ingested, or ingested and empty."""
    assert mark_leaks(VERDICTS, leakage).equals(VERDICTS)
    assert summarise_leaks(VERDICTS, pl.LazyFrame(), "drop") == {}


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, []),
        ({"release_compared_count": 1}, ["content of 1 of 2 samples"]),
        ({"bench_compared_count": 20}, ["content of 4 of 24 samples of the benchmark"]),
        (
            {"release_count": 1, "release_compared_count": 1},
            ["1 sample more or less than was compared: bench_ingest is to be run again"],
        ),
    ],
)
def test_what_could_not_be_compared_is_said(counts: dict[str, int], said: list[str]) -> None:
    """Videos that are not at hand, on either side, and samples that came since."""
    summary = summarise_leaks(VERDICTS, comparison(**counts), "keep")
    assert (summary["policy"], summary["name"], summary["known"]) == ("keep", "made", 2)
    assert list(describe_lacking(summary)) == said
