"""The nodes of ``bench_report``: judgments collected, measured, compared, noted in the ledger, and shown."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import polars as pl

from sparkle_curation.bench.results.collecting import collect, count_copies, read_scales
from sparkle_curation.bench.results.filter_agreement import measure_filter_agreement
from sparkle_curation.bench.results.ledger import (
    describe_judging,
    describe_variant,
    identify_benchmark,
    list_entries,
)
from sparkle_curation.bench.results.means import measure
from sparkle_curation.bench.results.noise import measure_judge_noise, split_variances
from sparkle_curation.bench.results.panel import Panel, build_panels
from sparkle_curation.bench.samples.places import bench_root_of, model_roots_of
from sparkle_curation.datasets.variant.variant_store import VariantStore
from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ParameterError, VersionError, did_you_mean
from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds
from sparkle_curation.pipelines.bench_report.params import BenchReportGroup, FilterScores
from sparkle_curation.reports.bench import documents, figure, page
from sparkle_curation.reports.bench.metrics import flat_metrics
from sparkle_curation.reports.figures.parts import Figure
from sparkle_curation.spec.benchmark import benchmark_of
from sparkle_curation.spec.codes.bench_states import CopyOf
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.bench_results import MACRO, OVERALL
from sparkle_curation.variant.tuned_on_bench import Entry, mark_tuned
from sparkle_curation.variant.versions.version import VariantVersion

logger = logging.getLogger(__name__)


def name_benchmark(bench_samples: AnyFrame, bench_comparison: AnyFrame) -> str:
    """What the benchmark calls itself, as ``bench_ingest`` noted it; else what its description calls it.

    Args:
        bench_samples: of the benchmark.
        bench_comparison: how much of the release was compared with it; without columns where that is not known.
    """
    if bench_comparison.lazy().collect_schema():
        names = bench_comparison.lazy().select("benchmark").unique().collect()["benchmark"]
        if len(names):
            return str(names[0])
    described = benchmark_of(bench_samples.lazy().select("theme").unique().collect()["theme"])
    return described.name if described else "benchmark"


def collect_judgments(
    bench_samples: AnyFrame,
    bench_judgments: AnyFrame,
    bench_scores: AnyFrame,
    published: AnyFrame,
    rubrics: Mapping[str, str],
    params: BenchReportGroup,
) -> tuple[list[Panel], pl.DataFrame, pl.DataFrame]:
    """Panels by rubric and judge, judgments and scores, one's own and those that others have published.

    Args:
        bench_samples: of the benchmark; each is a row of every mean.
        bench_judgments: of models' outputs; without columns where there are none, like the two that follow.
        bench_scores: of the judged.
        published: scores of others.
        rubrics: files of ``conf/base/prompts/rubrics/`` by name.
        params: which models, and what becomes of missing judgments.
    """
    samples = bench_samples.lazy().collect()
    scales = read_scales(rubrics)
    judgments, scores = collect(bench_judgments, bench_scores, published, samples, scales)
    panels = build_panels(samples, judgments, scores, scales, params.models, params.missing_judgments)
    for panel in panels:
        if len(panel.themes) < samples.height:
            logger.warning(
                "%s, %s: means are over the %s of %s samples that all models were judged on",
                *(panel.rubric, panel.judge, f"{len(panel.themes):,}", f"{samples.height:,}"),
            )
    for model, copy, count in count_copies(judgments):
        logger.warning(
            "%s: %s outputs are byte copies of %s, and count as they were judged",
            *(model, f"{count:,}", "their sources" if copy == CopyOf.SOURCE else "outputs of other samples"),
        )
    return panels, judgments, scores


def measure_bench_results(
    panels: Sequence[Panel], params: BenchReportGroup
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, object]]:
    """The results, the differences of each pair of models, and the results as metrics."""
    results, differences = measure(panels, resamples=params.resamples, seed=params.seed)
    for row in results.filter((pl.col("level") == MACRO) & (pl.col("dimension") == OVERALL)).to_dicts():
        failed = row["n_rows"] - row["n_judged"]
        if failed:
            logger.warning(
                "%s by %s: %s of %s samples have no scores and count as the worst",
                *(row["model"], row["judge"], f"{failed:,}", f"{row['n_rows']:,}"),
            )
    return results, differences, flat_metrics(results)


def measure_uncertainty(
    panels: Sequence[Panel], judgments: pl.DataFrame, scores: pl.DataFrame, params: BenchReportGroup
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The judge's noise, and the variances of several training runs."""
    noise = measure_judge_noise(judgments, scores)
    return noise, split_variances(panels, params.training_runs, noise)


def compare_with_filter(
    panels: Sequence[Panel],
    released: AnyFrame,
    rescored: AnyFrame,
    params: BenchReportGroup,
    threshold: float | None,
    thresholds: Thresholds,
) -> pl.DataFrame:
    """How the judge that filtered the data agrees with those of the benchmark, at the threshold of the last stage."""
    stage = STAGES[-1]
    chosen = released if params.filter_judge.scores is FilterScores.RELEASED else rescored
    columns = chosen.lazy().collect_schema().names()
    table = chosen.lazy().select("id", stage.score_column).collect() if columns else pl.DataFrame()
    return measure_filter_agreement(
        panels,
        params.filter_judge.model,
        table,
        stage.score_column,
        resolve_thresholds(threshold, thresholds)[stage.name],
    )


def mark_variants(
    name: str,
    results: pl.DataFrame,
    bench_samples: AnyFrame,
    bench_judgments: AnyFrame,
    ledger: list[Entry] | None,
    versions: VariantStore,
    params: BenchReportGroup,
) -> tuple[list[Entry], pl.DataFrame]:
    """What the ledger is to note, and the results with whether each model's variant may have been tuned on the benchmark.

    Raises:
        ParameterError: a model whose variant is given is none of the report.
        VersionError: there is no such version of a variant.
    """
    samples = bench_samples.lazy().collect()
    models = results["model"].unique(maintain_order=True).to_list()
    for model in params.trained_on:
        if model not in models:
            raise ParameterError(
                "The variant of a model is given that is none of the report",
                where="bench_report.trained_on",
                got=model,
                allowed=", ".join(models),
                todo=did_you_mean(model, models)
                or "leave it out, or judge it: kedro run --pipelines bench_evaluate",
            )
    variants = {
        model: describe_variant(_open_variant(versions, model, version))
        for model, version in params.trained_on.items()
    }
    tuned = {model: mark_tuned(ledger, name, variants.get(model)) for model in models}
    bench = {"name": name, "digest": identify_benchmark(samples), "samples": samples.height}
    settings = {
        "missing_judgments": params.missing_judgments.value,
        "resamples": params.resamples,
        "seed": params.seed,
    }
    judging = describe_judging(bench_judgments)
    entries = list_entries(results, bench, variants, tuned, settings, judging)
    marks = pl.col("model").replace_strict(
        {model: state.value for model, state in tuned.items()}, return_dtype=pl.String
    )
    return entries, results.with_columns(marks.alias("tuned_on_bench"))


def _open_variant(versions: VariantStore, model: str, name: str) -> VariantVersion:
    try:
        return versions.open(name)
    except VersionError as error:
        raise VersionError(
            "The variant that a model was trained on cannot be had",
            where=f"bench_report.trained_on.{model}",
            got=f"{name}: {error.what}",
            allowed="workspace, the folder of a data root or of training CSVs, or a revision of git",
            todo=f"--params bench_report.trained_on.{model}=workspace, where it is the variant of this data root; or "
            "leave it out: then tuned_on_bench is unknown",
        ) from error


def write_bench_documents(  # noqa: PLR0913, PLR0917 -- a table each
    name: str,
    results: pl.DataFrame,
    differences: pl.DataFrame,
    noise: pl.DataFrame,
    variances: pl.DataFrame,
    agreement: pl.DataFrame,
    judgments: pl.DataFrame,
    entries: list[Entry],
) -> tuple[dict[str, str], list[Entry]]:
    """Markdown, LaTeX, and the published evaluator's own table, by file name; and what the ledger notes of them.

    The entries are handed on here, so that a report that failed half way is not noted.
    """
    facts = documents.BenchFacts(
        bench=name,
        results=results.lazy().collect(),
        differences=differences.lazy().collect(),
        noise=noise.lazy().collect(),
        variances=variances.lazy().collect(),
        agreement=agreement.lazy().collect(),
        copies=count_copies(judgments),
    )
    return documents.write_bench_documents(facts), entries


def draw_bench_results(name: str, results: AnyFrame) -> Figure:
    """The results as a figure for Plotly."""
    return figure.draw_bench_results(results.lazy().collect(), name)


def write_bench_page(
    name: str,
    bench_samples: AnyFrame,
    outputs: AnyFrame,
    judgments: pl.DataFrame,
    scores: pl.DataFrame,
    bench_root: str | None,
    bench_models: Mapping[str, str],
) -> str:
    """The page of samples, models side by side; files lie where the tables say, or this run."""
    samples, known = bench_samples.lazy().collect(), outputs.lazy().collect()
    return page.write_bench_page(
        name,
        samples,
        known,
        judgments,
        scores,
        bench_root_of(samples, bench_root) or ".",
        model_roots_of(known, bench_models),
    )
