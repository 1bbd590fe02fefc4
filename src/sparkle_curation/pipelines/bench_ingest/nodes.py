"""The nodes of ``bench_ingest``: samples with their quarantine and checks, and what the release shares with them."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.bench.samples import leakage, listed, reading
from sparkle_curation.bench.samples.checking import CHECK_SCHEMA, check_counts, own_facts
from sparkle_curation.bench.samples.places import BENCH_ROOT, noted_root
from sparkle_curation.errors import DescriptionError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.benchmark import benchmark_below
from sparkle_curation.spec.codes.bench_reasons import BenchReason, Likeness
from sparkle_curation.spec.description.benchmarks import ListedBenchmark
from sparkle_curation.variant.sample_groups import LikenessParams

logger = logging.getLogger(__name__)


def read_benchmark(
    benchmark: ReleaseFiles | None, bench_root: str | None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame, str]:
    """The samples, the quarantine, what each file came to, what was checked, and the benchmark's name.

    Without a benchmark the tables have no rows, and the name is empty.

    Args:
        benchmark: its files; None for none.
        bench_root: where they lie, as it was given: noted, so that nobody has to give it again.

    Raises:
        DescriptionError: the dataset has no benchmark.
        ReleaseError: there is no file of it.
        ConservationError: a record is neither a sample nor in the quarantine.
    """
    if benchmark is None:
        logger.info("bench_root is null: there is no benchmark to ingest")
        read = reading.empty_benchmark()
        return read.samples, read.quarantine, read.counts, pl.DataFrame(schema=CHECK_SCHEMA), ""
    described = benchmark_below(benchmark.find)
    if described is None:
        raise DescriptionError(
            "The description of the dataset has no benchmark",
            where="conf/base/dataset.yml: benchmark",
            todo="describe it there, or set bench_root: null in conf/base/globals.yml",
        )
    name, counts = own_facts(benchmark, described)
    if isinstance(described, ListedBenchmark):
        read = listed.read_listed(benchmark, described)
        checks = listed.check_listed(read.samples, read.quarantine, counts)
    else:
        read = reading.read_benchmark(benchmark, described)
        checks = check_counts(read.samples, read.quarantine, counts)
    # A benchmark of one's own says itself that it has fewer themes.
    is_whole = checks.filter(check="themes")["is_met"].all()
    absent = read.counts.filter(~pl.col("is_present"))
    if is_whole:
        absent = absent.filter(pl.col("theme").is_in(read.samples["theme"].unique().implode()))
    if absent.height:
        logger.warning("absent from the benchmark: %s", ", ".join(absent["path"]))
    for check, found, expected in (
        checks.filter(~pl.col("is_met")).select("check", "found", "expected").rows()
    ):
        logger.warning("%s: %s: %s, and %s are expected", name, check, f"{found:,}", f"{expected:,}")
    logger.info("%s: %s samples, in the layout of %s", name, f"{read.samples.height:,}", described.name)
    for reason, count, detail in (
        read.quarantine.group_by("reason", maintain_order=True).agg(pl.len(), pl.col("detail").first()).rows()
    ):
        level = logging.INFO if reason == BenchReason.LEFT_OUT else logging.WARNING
        logger.log(level, "%s: %s of %s; the first: %s", name, f"{count:,}", reason, detail)
    samples = read.samples.with_columns(pl.lit(noted_root(bench_root), pl.String).alias(BENCH_ROOT))
    return samples, read.quarantine, read.counts, checks, name


def find_leakage(  # noqa: PLR0913, PLR0917 -- parameters of another pipeline, one by one
    bench_samples: pl.LazyFrame,
    name: str,
    max_distance: int,
    max_fine_distance: int,
    min_detail: float,
    annotations: pl.LazyFrame,
    media: pl.LazyFrame,
    frame_hashes: pl.LazyFrame,
    assets: pl.LazyFrame,
    *records: pl.LazyFrame,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the release shares with the benchmark, and how much of both could be compared.

    Args:
        bench_samples: the samples of the benchmark.
        name: of the benchmark; empty where there is none.
        max_distance: as in ``near_duplicates``, like the next two.
        max_fine_distance: bits in which the finer hashes may differ.
        min_detail: pictures with less are compared with none.
        annotations: of the release; without columns where it was not ingested, like the others.
        media: of the release, as inspected.
        frame_hashes: of the release, by ``near_duplicates``.
        assets: of the release.
        records: tables of scores and groundings of the release.
    """
    if not name:
        return leakage.no_leakage()
    known = leakage.gather_known(annotations, media, frame_hashes, assets, records)
    likeness = LikenessParams(
        max_distance=max_distance, max_fine_distance=max_fine_distance, min_detail=min_detail
    )
    found, compared = leakage.find_leakage(bench_samples.collect(), known, likeness, name)
    if known.samples.is_empty():
        logger.warning(
            "leakage: no release was ingested here, so %s was compared with nothing: kedro run --pipelines curate, "
            "then bench_ingest again",
            name,
        )
        return found, compared
    for row in compared.to_dicts():
        lacking = row["release_count"] - row["release_compared_count"]
        told = f"; {lacking:,} of {row['release_count']:,} samples could not be compared" if lacking else ""
        if row["likeness"] == Likeness.NEAR_DUPLICATE and not row["release_compared_count"]:
            told += ": kedro run --pipelines near_duplicates, then bench_ingest again"
        logger.log(
            logging.WARNING if row["pair_count"] or told else logging.INFO,
            "leakage by %s: %s samples of the release are alike to %s of %s%s",
            row["likeness"],
            f"{row['release_leaking_count']:,}",
            f"{row['bench_leaking_count']:,}",
            name,
            told,
        )
    return found, compared
