"""What members of a mix share: source clips, prompts, and samples of each other's benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from sparkle_curation.bench.samples.leakage import KnownSamples, find_leakage
from sparkle_curation.engine.io.parquet import parquet_files, scan_parquet
from sparkle_curation.mixing.params import Policy
from sparkle_curation.spec.layout import TRAIN, VAL
from sparkle_curation.spec.tables.mixing import MixOutcome
from sparkle_curation.variant.near_duplicates import prompt_words
from sparkle_curation.variant.sample_groups import LikenessParams, group_samples

_BENCH = "02_intermediate/benchmark/bench_samples.parquet"


def key() -> pl.Expr:
    """``member/id``: two members may have the same id."""
    return pl.concat_str("member", "id", separator="/").alias("key")


def mark_clips(samples: pl.DataFrame, clips: pl.DataFrame, likeness: LikenessParams) -> pl.DataFrame:
    """The samples with ``clip``, the smallest key of those that share their source clip; null for those not looked at.

    Args:
        samples: with ``member``, ``id``, ``key``.
        clips: of all members: ``key``, ``theme``, ``index_hash``, ``frame_hash``, ``fine_hash``, ``detail``.
        likeness: when two first frames are of one clip.
    """
    renamed = clips.rename({"key": "id"})
    groups = group_samples(renamed, renamed.select("id", "index_hash"), likeness)
    named = groups.select(pl.col("id").alias("key"), pl.col("group").alias("clip"))
    return samples.join(named, on="key", how="left", maintain_order="left")


def read_benchmarks(roots: Mapping[str, Path]) -> dict[str, pl.DataFrame]:
    """The samples of the benchmarks that members have ingested, by member; of a member without one there is none."""
    found = {
        name: scan_parquet(root / _BENCH, made_by="bench_ingest").collect()
        for name, root in roots.items()
        if parquet_files(root / _BENCH)
    }
    return {name: table for name, table in found.items() if table.height}


def mark_leaks(
    samples: pl.DataFrame,
    clips: pl.DataFrame,
    benchmarks: Mapping[str, pl.DataFrame],
    likeness: LikenessParams,
) -> pl.DataFrame:
    """The samples with what they share with the benchmarks of other members, after what they share with their own.

    Ids say nothing across datasets: prompts, files and first frames do.

    Args:
        samples: with ``member``, ``key``, ``outcome``, ``prompt``, ``benchmark_leak``.
        clips: as for ``mark_clips``.
        benchmarks: of ``read_benchmarks``.
        likeness: when two first frames are of one clip.
    """
    found = []
    able = samples.filter(pl.col("outcome").is_null())
    for owner, bench in benchmarks.items():
        others = able.filter(pl.col("member") != owner)
        if others.is_empty():
            continue
        of_others = clips.join(others.select("key"), on="key", how="semi").rename({"key": "id"})
        known = KnownSamples(
            others.select(pl.col("key").alias("id"), pl.lit(value=True).alias("is_pair")),
            others.select(pl.col("key").alias("id"), "prompt"),
            of_others.select("id", "index_hash", pl.lit(None, pl.String).alias("content_hash")),
            of_others.select("id", "frame_hash", "fine_hash", "detail"),
        )
        leaks, _ = find_leakage(bench, known, likeness, owner)
        said = pl.format("{} of {}, benchmark of " + owner, "likeness", "sample_id")
        found.append(
            leaks.group_by(pl.col("release_id").alias("key"), maintain_order=True).agg(
                said.first().alias("_leak")
            )
        )
    if not found:
        return samples
    told = pl.concat(found).group_by("key", maintain_order=True).agg(pl.col("_leak").str.join("; "))
    joined = samples.join(told, on="key", how="left", maintain_order="left")
    both = pl.concat_str("benchmark_leak", "_leak", separator="; ", ignore_nulls=True)
    has_any = pl.any_horizontal(pl.col("benchmark_leak", "_leak").is_not_null())
    return joined.with_columns(pl.when(has_any).then(both).alias("benchmark_leak")).drop("_leak")


def leave_out_leaks(samples: pl.DataFrame) -> pl.DataFrame:
    """The samples; those that share something with a benchmark have that outcome."""
    is_leaking = pl.col("outcome").is_null() & pl.col("benchmark_leak").is_not_null()
    return _lose(samples, is_leaking, MixOutcome.BENCHMARK_LEAK, None, pl.col("benchmark_leak"))


def leave_out_held_out(samples: pl.DataFrame) -> pl.DataFrame:
    """The samples; those for training whose clip a member holds out for validation have that outcome."""
    is_able = pl.col("outcome").is_null()
    holder = pl.col("key").filter(is_able & (pl.col("split") == VAL)).min().over("clip")
    is_held_out = is_able & (pl.col("split") == TRAIN) & pl.col("clip").is_not_null() & holder.is_not_null()
    detail = pl.format("{} of the same clip is for validation", holder)
    return _lose(samples, is_held_out, MixOutcome.HELD_OUT, None, detail)


def leave_out_duplicates(samples: pl.DataFrame, order: Sequence[str], policy: Policy) -> pl.DataFrame:
    """The samples; those that a member named before has a near duplicate of have that outcome.

    What a member has twice itself is its own: this is about what several have.

    Args:
        samples: with ``member``, ``key``, ``clip``, ``prompt``, ``outcome``.
        order: the members that give samples, the one that keeps its own first; of others nothing is a near duplicate.
        policy: what is a near duplicate; for ``keep`` nothing is.
    """
    if policy == "keep":
        return samples
    ranks = {name: place for place, name in enumerate(order)}
    able = samples.filter(
        pl.col("outcome").is_null(), pl.col("clip").is_not_null(), pl.col("member").is_in(order)
    ).with_columns(
        pl.col("member").replace_strict(ranks, return_dtype=pl.Int64).alias("_rank"),
        prompt_words(pl.col("prompt")).alias("_words"),
    )
    same = ["clip", "_words"] if policy == "prompt" else ["clip"]
    first = pl.col("key").sort_by("_rank", "key").first().over(same).alias("_first")
    twice = able.with_columns(first, pl.col("_rank").min().over(same).alias("_least"))
    found = twice.filter(pl.col("_rank") > pl.col("_least")).select("key", "_first")
    marked = samples.join(found, on="key", how="left", maintain_order="left")
    shared = "clip and prompt" if policy == "prompt" else "clip"
    detail = pl.format(f"the {shared} of {{}}", "_first")
    return _lose(marked, pl.col("_first").is_not_null(), MixOutcome.NEAR_DUPLICATE, policy, detail).drop(
        "_first"
    )


def _lose(
    samples: pl.DataFrame, is_lost: pl.Expr, outcome: MixOutcome, reason: str | None, detail: pl.Expr
) -> pl.DataFrame:
    return (
        samples.with_columns(is_lost.fill_null(value=False).alias("_lost"))
        .with_columns(
            pl.when("_lost").then(pl.lit(outcome.value)).otherwise("outcome").alias("outcome"),
            pl.when("_lost").then(pl.lit(reason, pl.String)).otherwise("reason").alias("reason"),
            pl.when("_lost").then(detail).otherwise("detail").alias("detail"),
        )
        .drop("_lost")
    )
