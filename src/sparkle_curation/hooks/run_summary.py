"""What a run says at its end: what it made, of what, what it found, and where to look.

What asks the description is imported inside, as ``hooks`` says.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
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
from sparkle_curation.hooks.version_guard import STAGE_VARIABLE
from sparkle_curation.masking import without_secrets

logger = logging.getLogger(__name__)

_VARIANT = "variant_samples"

_OUTPUTS = {
    "variant_page": "page to open",
    _VARIANT: "variant",
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
        if _VARIANT not in pipeline.all_outputs():
            return
        try:
            if catalog.exists(_VARIANT):
                self._before = catalog[_VARIANT].ids()
            elif STAGE_VARIABLE in os.environ:  # and DVC has cleared it away, since it is an out of the stage
                self._before = catalog[_VARIANT].locked_ids(Path(os.environ.get("DVC_ROOT", Path.cwd())))
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
        if _VARIANT in outputs:
            now = catalog[_VARIANT].ids()
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
        for table in result_tables(_collected(catalog.load("bench_results"))):
            console.print()
            console.print(table)


# ------------------------------------------------------------------ runs that make no variant
def _sums(counts: pl.DataFrame, *names: str) -> list[int]:
    """The sums of columns; a report without rows is read with columns of texts."""
    return [int(counts[name].cast(pl.Int64).sum() or 0) for name in names]


def _ingested(counts: pl.DataFrame) -> str:
    sums = _sums(counts, "record_count", "row_count", "quarantined_count")
    told = "{:,} records, of which {:,} are rows and {:,} in the quarantine".format(*sums)
    excluded = _sums(counts, "excluded_count")[0] if "excluded_count" in counts.columns else 0
    return f"{told}; {excluded:,} are about samples that were excluded on request" if excluded else told


def _inspected(counts: pl.DataFrame) -> str:
    return "{:,} assets, {:,} of them broken".format(*_sums(counts, "asset_count", "broken_count"))


def _validated(summary: pl.DataFrame) -> str:
    return f"{summary.filter(~pl.col('is_met')).height:,} of {summary.height:,} rules are not met"


def _checked(counts: pl.DataFrame) -> str:
    return "{:,} of {:,} checks fail".format(*_sums(counts, "failed_count", "checked_count"))


def _signalled(counts: pl.DataFrame) -> str:
    whole = _sums(counts.filter(pl.col("error").is_null()), "count")[0]
    return f"{whole:,} of {_sums(counts, 'count')[0]:,} samples have all their signals"


def _filmed(counts: pl.DataFrame) -> str:
    fixed = _sums(counts.filter(pl.col("outcome") == "fixed"), "count")[0]
    return f"{fixed:,} of {_sums(counts, 'count')[0]:,} clips have a fixed camera"


def _edged(counts: pl.DataFrame) -> str:
    made = _sums(counts.filter(pl.col("error").is_null()), "count")[0]
    return f"{made:,} of {_sums(counts, 'count')[0]:,} samples have a control video"


def _near(counts: pl.DataFrame) -> str:
    total = counts.row(-1, named=True)
    return f"{total['near_duplicate_count']:,} of {total['sample_count']:,} samples share their source clip"


def _listed(manifest: pl.DataFrame) -> str:
    return f"{manifest.height:,} texts of the release listed"


def _taken(clips: pl.DataFrame) -> str:
    return f"{clips['id'].count():,} of {clips.height:,} clips became samples"


def _instructed(instructions: pl.DataFrame) -> str:
    return f"{instructions['prompt'].count():,} of {instructions.height:,} samples have an instruction"


def _pruned(counts: pl.DataFrame) -> str:
    return f"{counts.height:,} journals looked through"


def _tracked(counts: pl.DataFrame) -> str:
    tracked, lacking = (
        _sums(counts.filter(is_lacking), "count")[0]
        for is_lacking in (pl.col("error").is_null(), pl.col("error").is_not_null())
    )
    return f"{tracked:,} masks, {lacking:,} samples without one"


def _benchmark(counts: pl.DataFrame) -> str:
    csvs = counts.filter(pl.col("path").str.ends_with(".csv"))
    sums = _sums(csvs, "row_count", "quarantined_count", "warning_count")
    return "{:,} lines of samples, {:,} quarantined, {:,} oddities".format(*sums)


Ending = tuple[Callable[[Any], str] | None, tuple[str, ...]]

ENDINGS: Mapping[str, Ending] = {
    "ingest": (_ingested, ("ingest_counts", "quarantine")),
    "inspect": (_inspected, ("media_counts", "media")),
    "validate": (_validated, ("validation_summary", "data_docs")),
    "signals": (_signalled, ("signal_counts", "signals_figure", "signal_extremes", "signals")),
    "exclude": (None, ("exclusion_plan",)),
    "camera": (_filmed, ("camera_counts", "camera_figure", "camera")),
    "edges": (_edged, ("edge_counts", "edges")),
    "clips": (_taken, ("new_clips", "new_clip_counts")),
    "instruct": (_instructed, ("new_instructions", "new_instruction_counts", "draft_prompts")),
    "gate": (None, ("new_progress", "new_progress_counts")),
    "assemble": (None, ("new_release",)),
    "join": (None, ("joined_release",)),
    "forecast": (None, ("forecast",)),
    "audit": (None, ("audit_sample",)),
    "consistency": (_checked, ("consistency_counts", "consistency")),
    "near_duplicates": (_near, ("near_duplicate_counts", "sample_groups", "duplicates")),
    "link": (None, ("link_counts", "linked_samples", "linked_variants")),
    "mix": (None, ("mix_files", "mix_counts", "mix_samples", "mix_media")),
    "mix_diff": (None, ("mix_diff_summary", "mix_diff")),
    "score": (None, ("rescored_jsonl",)),
    "ground": (None, ("regrounded_jsonl", "regrounded_r1", "regrounded_r2")),
    **{
        stage: (
            None,
            (f"generated_{stage}", f"generation_{stage}_counts", f"generation_{stage}_extremes"),
        )
        for stage in ("edit_frame0", "remove_foreground", "background_video", "synthesize")
    },
    "track": (_tracked, ("track_counts", "track_extremes", "tracks")),
    "agreement": (None, ("agreement_figure", "agreement", "agreement_crossings")),
    "report": (None, ("contact_sheet", "contact_sheet_page", "signal_precision")),
    "manifest": (_listed, ("text_manifest", "media_manifest")),
    "plots_page": (None, ("plots_page",)),
    "prune": (_pruned, ("prune_counts",)),
    "merge": (None, ("merge_counts",)),
    "variants": (None, ("variants", "variants_table")),
    "training_kit": (None, ("training_kit", "wanted_media")),
    "extract": (None, ("extraction_counts",)),
    "download": (None, ("download_plan", "download_record")),
    "publish": (None, ("publication", "publish_plan", "publish_record")),
    "bench_ingest": (_benchmark, ("bench_counts", "bench_check", "bench_quarantine", "bench_leakage")),
    "bench_build": (None, ("built_benchmark", "bench_candidates")),
    "bench_outputs": (None, ("bench_output_counts", "bench_outputs")),
    "bench_evaluate": (None, ("bench_judgments", "bench_scores")),
    "bench_published": (None, ("bench_published_faults", "bench_published_scores")),
    "bench_report": (
        None,
        ("bench_documents", "bench_page", "bench_figure", "bench_results", "bench_ledger"),
    ),
    "paper": (None, ("paper_documents",)),
    "profiles": (None, ("profile_files",)),
    "keep": (None, ("version_metrics", "version_funnel")),
}
"""By pipeline what its first output comes to, and which outputs to look at; ``filter`` and ``diff`` have a summary.

None where the nodes have logged what they found.
"""


class EndTeller:
    """Says, after a run that made no variant, of each pipeline what it found and where to look."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """A line for each pipeline whose outputs the run made, and whether the variant there is of other data."""
        outputs = pipeline.all_outputs()
        if "funnel_table" in outputs:
            return
        for name, (describe, names) in ENDINGS.items():
            made = [each for each in names if each in outputs]
            if made != list(names):
                continue
            found = f"{describe(_collected(catalog.load(names[0])))}; " if describe else ""
            logger.info("%s: %ssee %s", name, found, ", ".join(shown_path(catalog, each) for each in made))
        self._tell_stale(pipeline, catalog, outputs)

    @hook_impl
    def on_pipeline_error(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Say when tables were replaced before the error, and the variant was not."""
        self._tell_stale(pipeline, catalog, set())

    def _tell_stale(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], made: set[str]) -> None:
        from sparkle_curation.spec.tables.ingested import COLUMNS  # noqa: PLC0415 -- see above

        if pipeline.datasets().isdisjoint({*COLUMNS, "verdicts", _VARIANT}):
            return
        told = describe_stale(catalog)
        if told:
            logger.warning("%s", told)
        elif "verdicts" in made and _VARIANT not in made and catalog.exists(_VARIANT):
            logger.warning(
                "the variant there is of the verdicts before these: kedro run --pipelines filter makes it of them"
            )


def describe_stale(catalog: Any) -> str | None:
    """What to know of a variant that was made of other data than the tables beside it; None where it was not.

    The record of a variant names the version of its data, and the lists of sources say what the tables are made of.
    """
    from sparkle_curation.variant.record import RECORD_NAME  # noqa: PLC0415 -- see above

    if _VARIANT not in catalog or "data_version" not in catalog or not catalog.exists("data_version"):
        return None
    record = Path(catalog[_VARIANT]._describe()["filepath"]) / RECORD_NAME
    try:
        then = json.loads(record.read_text(encoding="utf-8"))["data"]["digest"] if record.is_file() else None
        now = catalog.load("data_version").digest
    except (DatasetError, OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None  # whatever is wrong with them is told where they are used
    if then in (None, now):
        return None
    return (
        f"the variant, the verdicts and their reports are of another release than the tables beside them: "
        f"of data version {then}, these of {now}; kedro run --pipelines curate makes them of the same"
    )


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


def _collected(table: Any) -> Any:
    return table.collect() if isinstance(table, pl.LazyFrame) else table


def shown_path(catalog: Any, name: str) -> str:
    """The path of an output, from the working directory where it lies below."""
    path = Path(catalog[name]._describe()["filepath"])
    return terminal_text(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
