"""Drops the notes of walks once the tables that they served are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Node

_LAST = "ingest.count_ingested"
"""The step that follows on all tables of ``ingest``: from then on their own fingerprints say what need not be read."""


class WalkForgetter:
    """After the tables of a release were written: how far its tars were walked concerns nobody any more."""

    @hook_impl
    def after_node_run(self, node: Node, catalog: CatalogProtocol[Any, Any]) -> None:
        """Drop the notes, of tars that have changed meanwhile too."""
        if node.name != _LAST:
            return
        from sparkle_curation.ingest.assets.walk_notes import forget_walks  # noqa: PLC0415 -- hooks/__init__.py says why

        folder = catalog["release"]._describe()["walks"]
        if folder:
            forget_walks(Path(folder))
