"""What a run says at its end that made no variant: of each pipeline what it found, and where to look.

What asks the description is imported inside, as ``hooks`` says.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, DatasetError
from kedro.pipeline import Pipeline

from sparkle_curation.escaping import terminal_text

logger = logging.getLogger(__name__)


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


VARIANT = "variant_samples"
"""The dataset of a variant's rows."""

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
            found = f"{describe(collected(catalog.load(names[0])))}; " if describe else ""
            logger.info("%s: %ssee %s", name, found, ", ".join(shown_path(catalog, each) for each in made))
        self._tell_stale(pipeline, catalog, outputs)

    @hook_impl
    def on_pipeline_error(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Say when tables were replaced before the error, and the variant was not."""
        self._tell_stale(pipeline, catalog, set())

    def _tell_stale(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], made: set[str]) -> None:
        from sparkle_curation.spec.tables.ingested import COLUMNS  # noqa: PLC0415 -- see above

        if pipeline.datasets().isdisjoint({*COLUMNS, "verdicts", VARIANT}):
            return
        told = describe_stale(catalog)
        if told:
            logger.warning("%s", told)
        elif "verdicts" in made and VARIANT not in made and catalog.exists(VARIANT):
            logger.warning(
                "the variant there is of the verdicts before these: kedro run --pipelines filter makes it of them"
            )


def describe_stale(catalog: Any) -> str | None:
    """What to know of a variant that was made of other data than the tables beside it; None where it was not.

    The record of a variant names the version of its data, and the lists of sources say what the tables are made of.
    """
    from sparkle_curation.variant.record import RECORD_NAME  # noqa: PLC0415 -- see above

    if VARIANT not in catalog or "data_version" not in catalog or not catalog.exists("data_version"):
        return None
    record = Path(catalog[VARIANT]._describe()["filepath"]) / RECORD_NAME
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


def collected(table: Any) -> Any:
    """A table that may be lazy, read."""
    return table.collect() if isinstance(table, pl.LazyFrame) else table


def shown_path(catalog: Any, name: str) -> str:
    """The path of an output, from the working directory where it lies below."""
    path = Path(catalog[name]._describe()["filepath"])
    return terminal_text(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
