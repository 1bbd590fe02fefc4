"""What a run says at its end that made a variant, compared two, or reported on a benchmark.

What asks the description is imported inside, as ``hooks`` says.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DatasetError
from kedro.pipeline import Pipeline
from rich import box
from rich.console import Console
from rich.table import Table

from sparkle_curation.errors import SparkleError
from sparkle_curation.escaping import terminal_text
from sparkle_curation.hooks.run_endings import VARIANT, collected, shown_path
from sparkle_curation.hooks.version_guard import STAGE_VARIABLE
from sparkle_curation.masking import without_secrets

logger = logging.getLogger(__name__)

_OUTPUTS = {
    "variant_page": "page to open",
    VARIANT: "variant",
    "verdicts": "verdicts",
    "quarantine": "quarantine",
    "preflight_dropped": "dropped pairs",
    "preflight_warnings": "odd pairs",
    "curation_metrics": "metrics",
    "funnel": "funnel",
    "data_docs": "validation",
}

_MEANINGS = {
    "known": "samples that any table of the release has",
    "unscored": "samples without a score at a stage that they reach",
    "imputed": "samples whose score at a stage that they reach is proven to hold an imputed value",
    "hand_dropped": "samples that pass all stages and were dropped by hand",
    "hand_kept": "samples that do not, and were kept by hand",
    "exported": "pairs in the variant",
    "not_exported": "kept samples without a prompt or both videos, of a theme, licence or signal left out, or not selected",
    "benchmark_leaks": "of these, samples that are alike to one of the benchmark (benchmark_leakage=drop)",
    "leaking": "pairs in the variant that are alike to a sample of the benchmark (benchmark_leakage=keep)",
    "not_selected": "of these, pairs that the selection (budget, quota, limits per clip and prompt) left out",
    "unloadable": "pairs in whose place Kiwi-Edit's loader would put a random other one",
    "refused": "pairs that the loader might take although they are broken",
    "accepted_bad": "pairs that train, but badly",
    "not_inspected": "pairs whose videos are not in the available release",
    "val": "pairs held out for validation",
    "missing": "rows of the released CSVs that the variant lacks",
    "extra": "pairs that the released CSVs lack",
}
"""What the columns of the funnel count; the others are stages."""


class RunSummary:
    """Prints, after a run that made a variant, what it was made of and by, its funnel, and where the files are."""

    def __init__(self) -> None:
        self._roots: dict[str, str] = {}
        self._before: pl.Series | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Note the roots."""
        known = {**context.config_loader["globals"], **context.config_loader["parameters"]}
        self._roots = {name: str(known[name]) for name in ("release_root", "data_root") if known.get(name)}

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Note which samples the variant has that the run will replace."""
        self._before = None
        if VARIANT not in pipeline.all_outputs():
            return
        try:
            if catalog.exists(VARIANT):
                self._before = catalog[VARIANT].ids()
            elif STAGE_VARIABLE in os.environ:  # and DVC has cleared it away, since it is an out of the stage
                self._before = catalog[VARIANT].locked_ids(Path(os.environ.get("DVC_ROOT", Path.cwd())))
        except (SparkleError, DatasetError, OSError, ValueError, pl.exceptions.PolarsError) as error:
            # The summary goes without. What is there is replaced, whatever is wrong with it.
            logger.warning("the variant that was there cannot be read to compare it: %s", error)

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Show settings, funnel, what its columns count, what came and went, and the outputs to look at."""
        outputs = pipeline.all_outputs()
        if "funnel_table" not in outputs:
            return
        console = Console()
        funnel = catalog.load("funnel_table")
        console.print()
        settings = {name.replace("_", " "): without_secrets(root) for name, root in self._roots.items()}
        if "curation_metrics" in outputs:
            settings |= describe_settings(catalog.load("curation_metrics"), _asked_for(catalog))
        for name, text in settings.items():
            console.out(terminal_text(f"  {name:<14} {text}"), highlight=False)
        console.print()
        console.print(funnel_table(funnel))
        for line in describe_columns(funnel):
            console.print(f"  {line}", soft_wrap=True, highlight=False, markup=False, style="dim")
        if VARIANT in outputs:
            now = catalog[VARIANT].ids()
            console.print(f"\n  {describe_change(self._before, now)}\n", soft_wrap=True, highlight=False)
        for name, what in _OUTPUTS.items():
            if name in outputs:
                console.out(f"  {what:<14} {shown_path(catalog, name)}", highlight=False)
        console.print()


class DiffSummary:
    """Prints, after a run that compared two versions, what it found and where the files are."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Show the summary as it stands, to be copied into a pull request, then where it and the table are."""
        if "variant_diff_summary" not in pipeline.all_outputs():
            return
        console = Console()
        console.print()
        console.out(catalog.load("variant_diff_summary"), highlight=False)
        for name in ("variant_diff_summary", "variant_diff_counts", "variant_diff"):
            console.out(f"  {shown_path(catalog, name)}", highlight=False)
        console.print()


class BenchSummary:
    """Prints, after a run that reported on a benchmark, the results of all models."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """A table for each rubric and judge; where the files are, ``EndTeller`` says."""
        if "bench_results" not in pipeline.all_outputs():
            return
        from sparkle_curation.reports.bench.terminal import result_tables  # noqa: PLC0415 -- see above

        console = Console()
        for table in result_tables(collected(catalog.load("bench_results"))):
            console.print()
            console.print(table)


def describe_settings(metrics: Mapping[str, Any], asked_for: Mapping[str, Any]) -> dict[str, str]:
    """What a variant was decided by, a line each.

    Args:
        metrics: as ``curation_metrics`` has them.
        asked_for: parameters whose used value follows from others, as they were given.
    """
    from sparkle_curation.filtering.benchmark_leaks import describe_lacking  # noqa: PLC0415 -- see above
    from sparkle_curation.spec.number_text import exact  # noqa: PLC0415
    from sparkle_curation.spec.stages import CRITERIA  # noqa: PLC0415

    thresholds = metrics["thresholds"]
    bounds = ", ".join(
        f"{each.name} {'>=' if each.is_at_least else '<='} {exact(thresholds[each.name])}"
        for each in CRITERIA
    )
    imputed = metrics["imputed_scores"]
    if asked_for.get("imputed_scores") == "auto":
        imputed += (
            " (auto: the thresholds are the published ones)"
            if imputed == "keep"
            else (" (auto: the thresholds are not the published ones)")
        )
    policies = {
        "missing_scores": metrics["missing_scores"],
        "imputed_scores": imputed,
        "score_source": metrics.get("score_source"),
        "unloadable_pairs": metrics.get("preflight", {}).get("unloadable_pairs"),
        "val_share": metrics.get("split", {}).get("val_share"),
        **{
            name: " ".join(value) if isinstance(value, list) else value
            for name, value in metrics.get("scope", {}).items()
        },
    }
    told = ", ".join(f"{name} {value}" for name, value in policies.items() if value is not None)
    found = {"thresholds": bounds, "policies": told}
    if benchmark := metrics.get("benchmark"):
        lacking = "; ".join(describe_lacking(benchmark))
        compared = f"{benchmark['name']}, benchmark_leakage {benchmark['policy']}"
        found["benchmark"] = f"{compared}; not compared: {lacking}" if lacking else compared
    if tuned := metrics.get("tuned_on_bench"):
        found["tuned_on_bench"] = ", ".join(f"{name}: {state}" for name, state in tuned.items())
    return found


def describe_columns(funnel: pl.DataFrame) -> Iterator[str]:
    """What each shown column of the funnel counts, a line each, those of the stages together."""
    stages = [name for name in _shown_columns(funnel) if name not in _MEANINGS and name != "theme"]
    for name in _shown_columns(funnel):
        if name in _MEANINGS:
            yield f"{name.replace('_', ' ')}: {_MEANINGS[name]}"
        elif stages and name == stages[0]:
            yield f"{', '.join(stages).replace('_', ' ')}: samples that pass this stage and those before it"


def describe_change(before: pl.Series | None, now: pl.Series) -> str:
    """How many samples came and went against the variant before."""
    if before is None:
        return f"{len(now):,} pairs; there was no variant before"
    came, went = (~now.is_in(before.implode())).sum(), (~before.is_in(now.implode())).sum()
    return f"{len(now):,} pairs; against the variant before {came:,} came and {went:,} went"


def funnel_table(funnel: pl.DataFrame) -> Table:
    """The funnel as a table; a column of zeros says nothing and is left out."""
    table = Table(
        title="samples that pass, stage by stage",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    shown = _shown_columns(funnel)
    for name in shown:
        words = name.split("_")
        is_text = name == "theme"
        table.add_column(
            " ".join(words), justify="left" if is_text else "right", min_width=max(map(len, words))
        )
    for row in funnel.select(shown).rows():
        if row[0] == "total":
            table.add_section()
        table.add_row(*(f"{value:,}" if isinstance(value, int) else value for value in row))
    return table


def _shown_columns(funnel: pl.DataFrame) -> list[str]:
    from sparkle_curation.spec.stages import CRITERION_NAMES  # noqa: PLC0415 -- see above

    always = {"theme", "known", *CRITERION_NAMES, "exported"}
    return [name for name in funnel.columns if name in always or (funnel[name] != 0).any()]


def _asked_for(catalog: Any) -> dict[str, Any]:
    name = "imputed_scores"
    return {name: catalog.load(f"params:{name}")} if f"params:{name}" in catalog else {}
