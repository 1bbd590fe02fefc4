"""Row counts for Kedro-Viz, whose own hook counts pandas frames alone."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DataCatalog

logger = logging.getLogger(__name__)

STATS_PATH = Path(".viz", "stats.json")
"""Where Kedro-Viz looks for them, from the folder of the project."""

_OURS = "sparkle_curation."


class VizStats:
    """Notes, after each run, rows, columns and bytes of every table of ours that is there.

    They come from the files' footers, so a run that is killed or that makes a few tables alone leaves no count
    behind that is not so. Kedro-Viz need not be installed. A run in an environment or with a ``data_root`` of its
    own is not noted: what Kedro-Viz shows by default is elsewhere.
    """

    def __init__(self) -> None:
        self._path: Path | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """See whether the run is on what Kedro-Viz shows."""
        self._path = context.project_path / STATS_PATH if is_shown(context) else None

    @hook_impl
    def after_pipeline_run(self, catalog: DataCatalog) -> None:
        """Note the counts."""
        self._note(catalog)

    @hook_impl
    def on_pipeline_error(self, catalog: DataCatalog) -> None:
        """Note the counts of what was made before the error."""
        self._note(catalog)

    def _note(self, catalog: DataCatalog) -> None:
        if self._path is None:
            return
        names = {name for pipeline in pipelines.values() for name in pipeline.datasets()}
        try:
            write_stats(dict(stats_of(catalog, names)), self._path)
        except (OSError, ValueError, pl.exceptions.PolarsError) as error:
            # They are for people to look at. A run does not fail for want of them.
            logger.warning("the row counts for Kedro-Viz could not be noted: %s", error)


def is_shown(context: KedroContext) -> bool:
    """Whether a run is on what Kedro-Viz shows: of a project, in its own environment and data root.

    A package runs in a folder that is no project, where Kedro-Viz shows nothing.
    """
    is_elsewhere = bool(context.env) or "data_root" in context.config_loader.runtime_params
    return not is_elsewhere and (context.project_path / "pyproject.toml").is_file()


def stats_of(catalog: DataCatalog, names: set[str]) -> Iterator[tuple[str, dict[str, int]]]:
    """The name and the ``rows``, ``columns`` and ``file_size`` of each dataset that can tell them, by name.

    Datasets of other packages are passed over by the type's name: to make one would import plotly and the like.
    """
    for name in sorted(names):
        kind = catalog.config_resolver.resolve_pattern(name).get("type")
        if isinstance(kind, str) and kind.startswith(_OURS):
            tell: Any = getattr(catalog[name], "stats", dict)
            found: dict[str, int] = tell()
            if found:
                yield name, found


def write_stats(stats: dict[str, dict[str, int]], path: Path) -> None:
    """Replace the file, unless it says the same already."""
    from sparkle_curation.engine.io.atomic import atomic_file  # noqa: PLC0415 -- hooks/__init__.py says why

    text = json.dumps(stats)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with atomic_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
