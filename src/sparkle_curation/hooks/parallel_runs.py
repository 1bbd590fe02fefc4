"""Lets a ``ParallelRunner`` run the project: what steps hand on is shared, and no process with threads is forked."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol, MemoryDataset, SharedMemoryDataCatalog
from kedro.pipeline import Pipeline

from sparkle_curation import commands
from sparkle_curation.hooks.shared_dataset import SharedDataset

_CONTEXT = "KEDRO_MP_CONTEXT"
_PATH = "PYTHONPATH"
_SERVER = "forkserver"
_NOTES = "sparkle_notes"
"""Attribute of the catalog, which goes to each process: how commands of messages are told."""


class ParallelRuns:
    """Before a run in several processes: shares what is handed on, and has them forked from a process of its own.

    A fork of this process would hang at its first query: polars has started threads by then, which a fork does not have.
    """

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        """Replace what is held in memory, but for parameters and what is there already."""
        self._put_back()  # of a run in this process that ended otherwise than by its end or an error
        if not isinstance(catalog, SharedMemoryDataCatalog):
            return
        for name in sorted(pipeline.datasets()):
            held = catalog.get(name)
            if isinstance(held, MemoryDataset) and not held.exists():
                catalog._datasets[name] = SharedDataset()  # to set an item would warn that it is replaced
        setattr(catalog, _NOTES, commands.noted())
        self._before = {name: os.environ.get(name) for name in (_CONTEXT, _PATH)}
        multiprocessing.set_forkserver_preload(["sparkle_curation.hooks.forked"])
        os.environ[_CONTEXT] = _SERVER
        os.environ[_PATH] = os.pathsep.join(filter(None, sys.path))  # the server begins with no other

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Leave this process as it was."""
        self._put_back()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Leave this process as it was."""
        self._put_back()

    @hook_impl
    def before_node_run(self, catalog: CatalogProtocol[Any, Any]) -> None:
        """In a process of such a run: show texts and tell commands as the run does."""
        notes = getattr(catalog, _NOTES, None)
        if notes is None or multiprocessing.parent_process() is None:
            return
        from sparkle_curation.engine.log_text import AsShown  # noqa: PLC0415 -- hooks/__init__.py says why

        commands.take_up(notes)
        for handler in logging.getLogger().handlers:
            if not any(isinstance(each, AsShown) for each in handler.filters):
                handler.addFilter(AsShown())

    def _put_back(self) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before = {}
