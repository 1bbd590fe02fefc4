"""The tables of ``bench_report``: what the judgments of a benchmark come to, by theme and subtheme, and how sure that is."""

from __future__ import annotations

from sparkle_curation.spec.fields import Field, Scalar

MACRO, THEME_LEVEL, SUBTHEME_LEVEL = "macro", "theme", "subtheme"
LEVELS = (MACRO, THEME_LEVEL, SUBTHEME_LEVEL)
"""What a row of the results is about; ``macro`` is the unweighted mean of the themes."""

OVERALL = "overall"
"""The dimension that is the mean of all others."""

_RUBRIC = Field("rubric", "string", "Name of the rubric.")
_JUDGE = Field("judge", "string", "Name of the judge.")
_DIMENSION = Field(
    "dimension", "string", f"Key of a dimension of the rubric, or `{OVERALL}`, the mean of all of them."
)
_PLACE = (
    Field("level", "string", "`macro`, the unweighted mean of the themes; `theme`; or `subtheme`."),
    Field("theme", "string", "The theme; null for `macro`.", is_optional=True),
    Field("subtheme", "string", "The subtheme; null for `macro` and `theme`.", is_optional=True),
)


def _number(name: str, description: str) -> Field:
    return Field(name, "float64", description, is_optional=True)


def _count(name: str, description: str, kind: Scalar = "int64") -> Field:
    return Field(name, kind, description, minimum=0)


BENCH_RESULT_COLUMNS: tuple[Field, ...] = (
    Field("model", "string", "Name of the model."),
    _RUBRIC,
    _JUDGE,
    *_PLACE,
    _DIMENSION,
    _count("n_rows", "Samples of the benchmark; the headline counts each of them."),
    _count("n_judged", "Those among them that the judge gave scores."),
    _count("n_clips", "Source clips that the samples are of."),
    _number(
        "mean_failures_worst",
        "The headline: mean of capped scores, a sample without one at the worst of the scale.",
    ),
    _number(
        "ci_low",
        "Lower end of its 95% interval; null where nothing can be said: under six clips, or all alike.",
    ),
    _number("ci_high", "Upper end of it."),
    _number("mean_judged", "Mean of capped scores over the judged samples alone; null where none is."),
    _number("cut_by_cap", "What the cap takes off that mean."),
    _number("cut_share", "Share of the scores behind it that the cap cut."),
    Field(
        "tuned_on_bench",
        "string",
        "Whether other thresholds than those of the variant that the model was trained on were evaluated on the benchmark "
        "before: `yes`, `no`, or `unknown`.",
    ),
)
"""Columns of ``bench_results``: one row per model, rubric, judge, level with theme and subtheme, and dimension."""

BENCH_DIFFERENCE_COLUMNS: tuple[Field, ...] = (
    Field("model", "string", "The model."),
    Field("other_model", "string", "The model that is taken off it."),
    _RUBRIC,
    _JUDGE,
    *_PLACE,
    _DIMENSION,
    _count("n_rows", "Samples, the same for both."),
    _count("n_both_judged", "Those among them that both have scores of."),
    _number(
        "mean_difference", "Mean of the differences on the same samples, failures at the worst of the scale."
    ),
    _number("ci_low", "Lower end of its 95% interval; null where nothing can be said."),
    _number("ci_high", "Upper end of it."),
    _number(
        "mean_difference_judged",
        "The same over the samples that both have scores of; null where there is none.",
    ),
)
"""Columns of ``bench_differences``: one row per pair of models, rubric, judge, level with theme and subtheme, dimension."""

BENCH_JUDGE_NOISE_COLUMNS: tuple[Field, ...] = (
    _RUBRIC,
    _JUDGE,
    _DIMENSION,
    _count("n_samples", "Samples of any model that were judged more than once."),
    _count("n_changed_state", "Samples that were judged in one repeat and failed in another one."),
    _number(
        "noise_sd",
        "Standard deviation of one answer about the mean of many, from repeats of the same sample.",
    ),
    _number("mean_absolute_difference", "Mean distance of two answers about one sample."),
    _number("same_share", "Share of pairs of answers about one sample that are equal."),
    _number(
        "noise_share",
        "Share of the variance of single answers that is the judge's noise; null where nothing varies.",
    ),
)
"""Columns of ``bench_judge_noise``: one row per rubric, judge and dimension."""

BENCH_VARIANCE_COLUMNS: tuple[Field, ...] = (
    Field("variant", "string", "Name of several training runs of one variant, as the parameters give it."),
    _RUBRIC,
    _JUDGE,
    _DIMENSION,
    _count("n_runs", "Training runs, each a model."),
    _count("n_rows", "Samples of the benchmark."),
    _number("mean", "Mean of the macro means of the runs."),
    _number(
        "seed_variance",
        "Variance of the macro mean from training run to training run, beyond what samples and judge explain.",
    ),
    _number("sample_variance", "Variance from sample to sample within a theme, of the mean over many runs."),
    _number(
        "seed_by_sample_variance",
        "Variance of how well one run does on one sample, without the judge's noise; with it where "
        "nothing was judged twice.",
    ),
    _number("judge_variance", "Variance of one answer, from repeats; null where nothing was judged twice."),
    _number("seed_se", "What training runs add to the standard error of the mean."),
    _number("sample_se", "What the choice of samples adds."),
    _number("judge_se", "What the judge's noise adds; null where nothing was judged twice."),
    _number("total_se", "The standard error of the mean, from all of them."),
)
"""Columns of ``bench_variances``: one row per variant with several training runs, rubric, judge and dimension."""

BENCH_FILTER_AGREEMENT_COLUMNS: tuple[Field, ...] = (
    Field("model", "string", "The model whose outputs both judges saw."),
    _RUBRIC,
    _JUDGE,
    Field("theme", "string", "The theme, or `total`."),
    _count("n_samples", "Samples with a score of both judges."),
    _number(
        "spearman",
        "Rank correlation of the filter's score and the benchmark's overall score; null where one is constant.",
    ),
    _count("n_passed", "Samples at or above the filter's threshold."),
    _number("mean_passed", "Their mean overall score."),
    _count("n_rejected", "Samples below it."),
    _number("mean_rejected", "Their mean overall score."),
    _number(
        "auc",
        "Share of pairs of a passed and a rejected sample in which the passed one has the higher overall score.",
    ),
)
"""Columns of ``bench_filter_agreement``: one row per model, rubric, judge and theme, then the total."""

_FOLDER = "08_reporting/benchmark"
BENCH_RESULT_TABLES: dict[str, tuple[str, str, tuple[Field, ...]]] = {
    "bench_results": (
        f"{_FOLDER}/bench_results.parquet",
        "one row per model, rubric, judge, level with theme and subtheme, and dimension",
        BENCH_RESULT_COLUMNS,
    ),
    "bench_differences": (
        f"{_FOLDER}/bench_differences.parquet",
        "one row per pair of models, rubric, judge, level with theme and subtheme, and dimension",
        BENCH_DIFFERENCE_COLUMNS,
    ),
    "bench_judge_noise": (
        f"{_FOLDER}/bench_judge_noise.parquet",
        "one row per rubric, judge that judged samples more than once, and dimension",
        BENCH_JUDGE_NOISE_COLUMNS,
    ),
    "bench_variances": (
        f"{_FOLDER}/bench_variances.parquet",
        "one row per variant with several training runs, rubric, judge and dimension",
        BENCH_VARIANCE_COLUMNS,
    ),
    "bench_filter_agreement": (
        f"{_FOLDER}/bench_filter_agreement.parquet",
        "one row per model whose outputs the filter's judge saw too, rubric, judge and theme, then the total",
        BENCH_FILTER_AGREEMENT_COLUMNS,
    ),
}
"""File, grain and columns of each table, by its name."""
