"""What happens around a run: parameters checked before it, errors told plainly, the funnel shown after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from rich import box
from rich.console import Console
from rich.table import Table

from sparkle_curation.errors import SparkleError
from sparkle_curation.parameters import check_parameters
from sparkle_curation.release.stages import STAGE_NAMES


class ParameterGuard:
    """Stops a run whose parameters hold an unknown name or a value that is not allowed."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check what the configuration and ``--params`` come to, before any dataset is made."""
        check_parameters(context.config_loader["parameters"])


class ErrorTeller:
    """Shows an error of ours as it is, not wrapped in the dataset that it came through."""

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Raise the error of ours that lies under ``error``, if there is one."""
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, SparkleError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None and cause is not error:
            raise cause from None


class RunSummary:
    """Prints, after a run that made a variant, its funnel and where the files are."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Show the funnel as a table, then the outputs to look at."""
        if "funnel_table" not in pipeline.all_outputs():
            return
        console = Console()
        console.print()
        console.print(_as_table(catalog.load("funnel_table")))
        for name, what in _OUTPUTS.items():
            if name in pipeline.all_outputs():
                console.print(f"  {what:<14} {_shown_path(catalog, name)}", soft_wrap=True, highlight=False)
        console.print()


_ALWAYS_SHOWN = {"theme", "known", *STAGE_NAMES, "emitted"}
_OUTPUTS = {
    "variant_samples": "training CSVs",
    "verdicts": "verdicts",
    "quarantine": "quarantine",
    "preflight_dropped": "dropped pairs",
    "preflight_warnings": "odd pairs",
    "curation_metrics": "metrics",
    "funnel": "funnel",
    "data_docs": "validation",
}


def _as_table(funnel: pl.DataFrame) -> Table:
    """The funnel as a table; a column of zeros says nothing and is left out."""
    table = Table(
        title="samples that pass, stage by stage",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    shown = [name for name in funnel.columns if name in _ALWAYS_SHOWN or (funnel[name] != 0).any()]
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


def _shown_path(catalog: Any, name: str) -> str:
    path = Path(catalog[name]._describe()["filepath"])
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
