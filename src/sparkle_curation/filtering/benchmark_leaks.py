"""Samples that a benchmark shares with the release: marked in the verdicts, and left out of a variant unless told otherwise.

What is alike was found by ``bench_ingest``. Where no benchmark was ingested nothing is marked, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame

LeakPolicy = Literal["drop", "keep"]
"""What becomes of a sample that is alike to one of the benchmark: left out of the variant, or kept in."""

BENCHMARK_LEAK = "benchmark_leak"
"""Column of the verdicts, and the reason of a sample that is left out for it."""

_LISTED = 3


def mark_leaks(verdicts: pl.DataFrame, leakage: AnyFrame) -> pl.DataFrame:
    """The verdicts with what each sample shares with the benchmark in ``benchmark_leak``; null where that is nothing.

    Args:
        verdicts: one row per known sample.
        leakage: ``bench_leakage``; without columns where no benchmark was ingested.
    """
    table = leakage.lazy()
    if "release_id" not in table.collect_schema().names():
        return verdicts.with_columns(pl.lit(None, pl.String).alias(BENCHMARK_LEAK)).select(_columns(verdicts))
    told = pl.format("{} of {}", "likeness", "sample_id")
    more = pl.len().cast(pl.Int64) - _LISTED
    found = (
        table.group_by(pl.col("release_id").alias("id"), maintain_order=True)
        .agg(told.head(_LISTED).str.join("; ").alias("_first"), more.alias("_more"))
        .with_columns(
            pl.when(pl.col("_more") > 0)
            .then(pl.format("{}; {} more", "_first", "_more"))
            .otherwise(pl.col("_first"))
            .alias(BENCHMARK_LEAK)
        )
        .select("id", BENCHMARK_LEAK)
        .collect()
    )
    marked = verdicts.drop(BENCHMARK_LEAK, strict=False)
    return marked.join(found, on="id", how="left", maintain_order="left").select(_columns(verdicts))


def _columns(verdicts: pl.DataFrame) -> list[str]:
    return verdicts.columns if BENCHMARK_LEAK in verdicts.columns else [*verdicts.columns, BENCHMARK_LEAK]


def summarise_leaks(verdicts: pl.DataFrame, comparison: AnyFrame, policy: LeakPolicy) -> dict[str, Any]:
    """What metrics, card and summary say of the benchmark; empty where none was ingested.

    Members: ``name``, ``policy``, ``known`` (samples of the release now), ``compared`` (by likeness the counts of
    ``bench_comparison``).

    Args:
        verdicts: one row per known sample.
        comparison: ``bench_comparison``; without columns or rows where no benchmark was ingested.
        policy: what becomes of leaking samples.
    """
    table = comparison.lazy().collect()
    if table.is_empty():
        return {}
    rows = table.to_dicts()
    names = (
        "bench_count",
        "bench_compared_count",
        "release_count",
        "release_compared_count",
        "release_leaking_count",
    )
    return {
        "name": rows[0]["benchmark"],
        "policy": policy,
        "known": verdicts.height,
        "compared": {row["likeness"]: {name: row[name] for name in names} for row in rows},
    }


def describe_lacking(summary: Mapping[str, Any]) -> Iterator[str]:
    """What could not be compared with the benchmark, a phrase each; none where all was.

    >>> counts = {"bench_count": 24, "bench_compared_count": 24, "release_count": 9, "release_compared_count": 7}
    >>> list(describe_lacking({"known": 10, "compared": {"content": counts}}))
    ['content of 2 of 9 samples', '1 sample more or less than was compared: bench_ingest is to be run again']
    """
    release_count = 0
    for likeness, counts in summary["compared"].items():
        release_count = counts["release_count"]
        if lacking := release_count - counts["release_compared_count"]:
            yield f"{likeness} of {lacking:,} of {release_count:,} samples"
        if lacking := counts["bench_count"] - counts["bench_compared_count"]:
            yield f"{likeness} of {lacking:,} of {counts['bench_count']:,} samples of the benchmark"
    if odd := abs(summary["known"] - release_count):
        plural = "" if odd == 1 else "s"
        yield f"{odd:,} sample{plural} more or less than was compared: bench_ingest is to be run again"
