"""The results as documents: Markdown to read and to paste, LaTeX for a paper, and the published evaluator's own table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sparkle_curation.escaping import markdown_text
from sparkle_curation.reports.bench.numbers import (
    Column,
    dimension_columns,
    judged_of,
    judges_of,
    number,
    of_judge,
    overall_columns,
    title_of,
    with_interval,
)
from sparkle_curation.reports.bench.published_format import write_published_format
from sparkle_curation.reports.paper.latex import write_table
from sparkle_curation.spec.codes.bench_states import CopyOf
from sparkle_curation.spec.tables.bench_results import MACRO, OVERALL, SUBTHEME_LEVEL
from sparkle_curation.spec.themes import TOTAL
from sparkle_curation.variant.bibliography import escape_latex

_MACRO_OVERALL = (pl.col("level") == MACRO) & (pl.col("dimension") == OVERALL)


@dataclass(frozen=True)
class BenchFacts:
    """What the documents are written from.

    Attributes:
        bench: name of the benchmark.
        results: as ``spec/tables/bench_results.py`` describes them, like the tables that follow.
        differences: of each pair of models.
        noise: of the judges.
        variances: of several training runs.
        agreement: of the filter's judge.
        copies: model, what its outputs are copies of (``CopyOf``), and how many are.
    """

    bench: str
    results: pl.DataFrame
    differences: pl.DataFrame
    noise: pl.DataFrame
    variances: pl.DataFrame
    agreement: pl.DataFrame
    copies: Sequence[tuple[str, str, int]] = ()


def write_bench_documents(facts: BenchFacts) -> dict[str, str]:
    """All documents by file name."""
    return {
        "results.md": write_markdown(facts),
        "tables.tex": write_latex(facts),
        "published_format.txt": write_published_format(facts.results),
    }


def write_markdown(facts: BenchFacts) -> str:
    """All tables, each with a line that says what its numbers are."""
    parts = [f"# {markdown_text(facts.bench)}"]
    for rubric, judge in judges_of(facts.results):
        of_one = [of_judge(table, rubric, judge) for table in (facts.results, facts.differences)]
        parts += [f"## {markdown_text(rubric)}, judged by {markdown_text(judge)}", *_judge_parts(*of_one)]
        parts += [
            _table(title, *shown)
            for title, shown in (
                (
                    "How one judge's answers about one sample differ",
                    _noise(of_judge(facts.noise, rubric, judge)),
                ),
                (
                    "Training runs, samples and judge apart",
                    _variances(of_judge(facts.variances, rubric, judge)),
                ),
                (
                    "The judge that filtered the data beside this one",
                    _agreement(of_judge(facts.agreement, rubric, judge)),
                ),
            )
            if shown[1]
        ]
    parts.insert(1, f"Models side by side on each sample, with the judge's words: [{_PAGE}](../{_PAGE}).")
    parts[2:2] = [
        f"**{markdown_text(model)}: {count:,} outputs are {_COPIES[copy]}, byte by byte.** They count as they were judged."
        for model, copy, count in facts.copies
    ]
    return "\n\n".join(parts) + "\n"


_PAGE = "samples.html"
"""Beside the folder of the documents, as conf/base/bench_report/catalog.yml has it."""

_COPIES: Mapping[str, str] = {
    CopyOf.SOURCE.value: "copies of their sources",
    CopyOf.ANOTHER.value: "outputs of other samples too",
}


def _judge_parts(results: pl.DataFrame, differences: pl.DataFrame) -> Iterator[str]:
    yield (
        "Means over all samples of the benchmark; one that failed, or has no output, counts as the worst score. In "
        "brackets the 95% interval, over source clips. *Judged* is how many of the samples have scores, *judged alone* "
        "the mean over those, of all themes as the mean of the themes' means. *Cut* is what the cap takes off that "
        "mean. *Tuned on it* says whether other thresholds "
        "than the model's were evaluated before."
    )
    headers, rows = _models(results, overall_columns(results))
    extra = {row["model"]: row for row in results.filter(_MACRO_OVERALL).to_dicts()}
    headers += ["judged", "judged alone", "cut", "tuned on it"]
    rows = [
        [
            *row,
            judged_of(extra[row[0]]),
            number(extra[row[0]]["mean_judged"]),
            number(extra[row[0]]["cut_by_cap"]),
            extra[row[0]]["tuned_on_bench"],
        ]
        for row in rows
    ]
    yield _table("Overall", headers, rows)
    yield _table("By dimension, macro over themes", *_models(results, dimension_columns(results)))
    headers, rows = _subthemes(results)
    if rows:
        yield _table("By subtheme, overall", headers, rows)
    if differences.height:
        yield _table("Differences on the same samples, macro", *_differences(differences))


def _models(results: pl.DataFrame, columns: Sequence[Column]) -> tuple[list[str], list[list[str]]]:
    """A row for each model, the best macro first."""
    best = results.filter(_MACRO_OVERALL).sort("mean_failures_worst", descending=True, nulls_last=True)[
        "model"
    ]
    rows = []
    for model in best:
        own = results.filter(pl.col("model") == model)
        found = [own.filter(column.where).row(0, named=True) for column in columns]
        rows.append([model, *(with_interval(row["mean_failures_worst"], row) for row in found)])
    return ["model", *(column.title for column in columns)], rows


def _subthemes(results: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    rows = results.filter((pl.col("level") == SUBTHEME_LEVEL) & (pl.col("dimension") == OVERALL))
    models = rows["model"].unique(maintain_order=True).to_list()
    shown = []
    for (theme, subtheme), of_one in rows.group_by("theme", "subtheme", maintain_order=True):
        by_model = {row["model"]: row for row in of_one.to_dicts()}
        cells = [with_interval(by_model[model]["mean_failures_worst"], by_model[model]) for model in models]
        shown.append([str(theme), str(subtheme), str(of_one["n_rows"][0]), *cells])
    return ["theme", "subtheme", "samples", *models], shown


def _differences(differences: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    macro = differences.filter(pl.col("level") == MACRO)
    keys = macro["dimension"].unique(maintain_order=True).to_list()
    ordered = [OVERALL, *(key for key in keys if key != OVERALL)]
    rows = []
    for (model, other), of_pair in macro.group_by("model", "other_model", maintain_order=True):
        by_key = {row["dimension"]: row for row in of_pair.to_dicts()}
        cells = [with_interval(by_key[key]["mean_difference"], by_key[key], "+") for key in ordered]
        rows.append([f"{model} less {other}", *cells])
    return ["models", *map(title_of, ordered)], rows


def _noise(noise: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            title_of(row["dimension"]),
            f"{row['n_samples']:,}",
            number(row["noise_sd"]),
            number(row["mean_absolute_difference"]),
            _percent(row["same_share"]),
            _percent(row["noise_share"]),
            f"{row['n_changed_state']:,}",
        ]
        for row in noise.to_dicts()
    ]
    return [
        "dimension",
        "samples",
        "standard deviation",
        "mean difference",
        "same",
        "of the variance",
        "judged once, failed once",
    ], rows


def _variances(variances: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            row["variant"],
            title_of(row["dimension"]),
            str(row["n_runs"]),
            number(row["mean"]),
            *(
                f"{row[name]:.4f}" if row[name] is not None else "-"
                for name in ("seed_se", "sample_se", "judge_se", "total_se")
            ),
        ]
        for row in variances.to_dicts()
    ]
    return [
        "variant",
        "dimension",
        "runs",
        "mean",
        "error by seed",
        "by samples",
        "by judge",
        "standard error",
    ], rows


def _agreement(agreement: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            "all" if row["theme"] == TOTAL else row["theme"],
            f"{row['n_samples']:,}",
            number(row["spearman"]),
            f"{number(row['mean_passed'])} of {row['n_passed']:,}",
            f"{number(row['mean_rejected'])} of {row['n_rejected']:,}",
            number(row["auc"]),
        ]
        for row in agreement.to_dicts()
    ]
    return ["theme", "samples", "Spearman", "mean of passed", "mean of rejected", "AUC"], rows


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [
        f"| {' | '.join(map(markdown_text, headers))} |",
        f"|{'---|' * len(headers)}",
        *(f"| {' | '.join(map(markdown_text, row))} |" for row in rows),
    ]
    return f"### {title}\n\n" + "\n".join(lines)


def write_latex(facts: BenchFacts) -> str:
    """The overall by theme, the dimensions and the differences, as tables for the package booktabs."""
    parts = []
    for place, (rubric, judge) in enumerate(judges_of(facts.results), start=1):
        results, differences = (
            of_judge(table, rubric, judge) for table in (facts.results, facts.differences)
        )
        ending = f"-{place}" if place > 1 else ""
        by_whom = (
            f"{escape_latex(facts.bench)}, rubric {escape_latex(rubric)}, judged by {escape_latex(judge)}"
        )
        judged = {row["model"]: judged_of(row) for row in results.filter(_MACRO_OVERALL).to_dicts()}
        headers, rows = _models(results, overall_columns(results))
        all_rows = results.filter(_MACRO_OVERALL)["n_rows"][0]
        told = (
            f"means over all {all_rows:,} samples, failures as the worst score, with 95\\% bootstrap intervals clustered by "
            "source clip and stratified by theme"
        )
        parts += [
            write_table(
                f"{by_whom}: {told}.",
                f"bench-overall{ending}",
                [*headers, "judged"],
                [[*row, judged[row[0]]] for row in rows],
            ),
            write_table(
                f"{by_whom}, by dimension, macro over themes: {told}.",
                f"bench-dimensions{ending}",
                *_models(results, dimension_columns(results)),
            ),
        ]
        if differences.height:
            parts.append(
                write_table(
                    f"{by_whom}: paired differences of the macro on the same samples, with 95\\% intervals.",
                    f"bench-differences{ending}",
                    *_differences(differences),
                )
            )
    return "\n".join(parts)
