"""The nodes of ``bench_build``: which samples it has, and its files."""

from __future__ import annotations

import logging
from collections import Counter

import polars as pl

from sparkle_curation.bench.samples import building, built, leakage
from sparkle_curation.errors import DescriptionError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.spec.benchmark import BENCHMARK
from sparkle_curation.spec.description.benchmarks import Benchmark
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.spec.tables.verdicts import threshold_column
from sparkle_curation.variant.export import find_prompts
from sparkle_curation.variant.provenance import DataVersion
from sparkle_curation.variant.sample_groups import LikenessParams

logger = logging.getLogger(__name__)


def choose_bench_samples(  # noqa: PLR0913, PLR0917 -- parameters of another pipeline, one by one
    verdicts: pl.LazyFrame,
    variant_samples: pl.DataFrame,
    media: pl.LazyFrame,
    frame_hashes: pl.LazyFrame,
    params: building.BuildParams,
    max_distance: int,
    max_fine_distance: int,
    min_detail: float,
    annotations: pl.LazyFrame,
    *tables: pl.LazyFrame,
) -> tuple[building.Chosen, pl.DataFrame]:
    """The samples of the benchmark, and what became of each candidate.

    Args:
        verdicts: one row per known sample.
        variant_samples: the variant, which the benchmark is to share nothing with.
        media: as inspected.
        frame_hashes: of ``near_duplicates``; without columns where it was not run.
        params: what decides.
        max_distance: as in ``near_duplicates``, like the next two.
        max_fine_distance: bits in which the finer hashes may differ.
        min_detail: pictures with less are compared with none.
        annotations: with prompts and keywords.
        tables: scores and groundings, with the prompts of samples that the annotations lack.

    Raises:
        DescriptionError: the dataset has no benchmark, so no rule and no layout.
        EmptyOutputError: no sample can be one of it.
    """
    benchmark = _described()
    candidates = building.find_candidates(verdicts, benchmark, params.themes)
    lacking = candidates.with_columns(pl.lit(value=False).alias("is_released"))
    prompts = find_prompts(lacking, annotations, dict(zip(JSONL_TABLES, tables, strict=True)))
    described = building.describe_candidates(candidates, annotations, prompts, media, frame_hashes)
    likeness = LikenessParams(
        max_distance=max_distance, max_fine_distance=max_fine_distance, min_detail=min_detail
    )
    known = leakage.gather_known(
        variant_samples.with_columns(pl.lit(1).alias("csv_line")), media, frame_hashes, pl.LazyFrame(), []
    )
    chosen = building.choose_samples(
        described, known.only(variant_samples["id"]), benchmark, params, likeness
    )
    if known.hashes.is_empty():
        logger.warning(
            "near duplicates of the variant were not looked for: kedro run --pipelines near_duplicates, then again"
        )
    meanings = {fate.value: fate.meaning for fate in building.Fate}
    for fate, count in Counter(chosen.candidates["fate"]).most_common():
        logger.info(
            "of %s candidates %s: %s",
            f"{chosen.candidates.height:,}",
            f"{count:,}",
            meanings[fate],
        )
    return chosen, chosen.candidates


def compose_benchmark(
    chosen: building.Chosen,
    verdicts: pl.LazyFrame,
    frame_hashes: pl.LazyFrame,
    params: building.BuildParams,
    asset_store: AssetStore,
    data_version: DataVersion,
) -> built.BuiltBenchmark:
    """The benchmark with its texts, to be written as a set with the media of the store."""
    columns = [threshold_column(each) for each in CRITERIA]
    thresholds = verdicts.select(columns).first().collect().row(0)
    return built.compose(
        chosen,
        _described(),
        params,
        asset_store,
        dict(zip((each.name for each in CRITERIA), thresholds, strict=True)),
        data_version.digest,
        is_near_compared="id" in frame_hashes.collect_schema().names(),
    )


def _described() -> Benchmark:
    if BENCHMARK is None:
        raise DescriptionError(
            "The description of the dataset has no benchmark, so no rule and no layout of one",
            where="conf/base/dataset.yml: benchmark",
            todo="describe one there",
        )
    return BENCHMARK
