"""What is told whatever runs: expected errors as sentences, files that an earlier version left."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from sparkle_curation.telling import in_words, tell_uncaught

logger = logging.getLogger(__name__)


class ErrorTeller:
    """Shows what is expected to go wrong as a sentence, not wrapped in the dataset that it came through."""

    @hook_impl
    def after_context_created(self) -> None:
        """Errors before and after the pipeline as well; Kedro sets up its own way of showing them until here."""
        tell_uncaught()

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Raise the error of ours that ``error`` is or comes from, or that says the same, if there is one."""
        told = in_words(error)
        if told is not None and told is not error:
            raise told from None


class OldFilesTeller:
    """Names the files that an earlier version left under other names, once their successors are there."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Say which they are; none is removed, since a person may have other uses for them."""
        from sparkle_curation.spec.old_names import old_paths  # noqa: PLC0415 -- hooks/__init__.py says why

        paths = (str(catalog[name]._describe().get("filepath", "")) for name in pipeline.all_outputs())
        old = sorted(each for path in paths for each in old_paths(path) if Path(each).is_file())
        if old:
            told = "an earlier version of this project left files that this one does not read; they can be removed: %s"
            logger.warning(told, ", ".join(old))
