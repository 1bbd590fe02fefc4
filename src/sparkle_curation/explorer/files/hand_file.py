"""Changes of a file of decisions by hand, each of which the same explorer can take back."""

from __future__ import annotations

import threading
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

import polars as pl

from sparkle_curation.errors import OverridesError
from sparkle_curation.filtering.overrides.decisions import (
    OVERRIDE_COLUMNS,
    Decision,
    change_overrides,
    replace_decisions,
)

_UNDONE_AT_MOST = 200


class HandFile:
    """Writes the decisions of one annotator; may be asked by several threads.

    Args:
        path: the file; None where nobody decides by hand.
        annotator: whose decisions are written; empty for nobody's.
        words: what can be decided.
    """

    def __init__(self, path: Path | None, annotator: str, words: type[StrEnum] = Decision) -> None:
        self._path, self._annotator, self._words = path, annotator, words
        self._lock = threading.Lock()
        self._undone: list[tuple[list[str], pl.DataFrame]] = []

    @property
    def undo_count(self) -> int:
        """How many changes can be taken back."""
        return len(self._undone)

    def annotator(self) -> str:
        """Whose decisions are written.

        Raises:
            OverridesError: nobody is named, or there is no file.
        """
        self._place()
        return self._annotator

    def change(self, ids: Collection[str], new: pl.DataFrame, state: str) -> None:
        """Replace the annotator's decisions about ``ids`` by ``new``.

        Args:
            ids: what is decided about.
            new: with ``OVERRIDE_COLUMNS``; fewer than ``ids`` where some are to have no decision any more.
            state: of the file that the page has seen.

        Raises:
            OverridesError: one is no decision; nobody is named as annotator.
            LockedError: another wrote meanwhile; nothing is written.
        """
        with self._lock:
            before = self._change(list(ids), new, state)
            self._undone = [*self._undone[-_UNDONE_AT_MOST:], (list(ids), before)]

    def undo(self, state: str) -> list[str]:
        """Take back the last change that this explorer wrote, whatever others wrote about other ids; its ids.

        Raises:
            OverridesError: there is none.
            LockedError: another wrote since the page has looked.
        """
        path = self._place()
        with self._lock:
            if not self._undone:
                raise OverridesError(
                    "There is no decision of this explorer to take back",
                    todo=f"remove the line from {path.name}",
                )
            ids, before = self._undone[-1]
            self._change(ids, before, state)
            self._undone.pop()
        return ids

    def _place(self) -> Path:
        if self._path is None or not self._annotator:
            raise OverridesError(
                "Nobody is named whose decisions these would be",
                todo="start it again with a name: kedro explore --annotator NAME",
            )
        return self._path

    def _change(self, ids: list[str], new: pl.DataFrame, state: str) -> pl.DataFrame:
        """Replace the annotator's decisions about ``ids`` by ``new``; what stood there before."""
        before: list[pl.DataFrame] = []

        def change(overrides: pl.DataFrame) -> pl.DataFrame:
            mine = (pl.col("annotator") == self._annotator) & pl.col("id").is_in(ids)
            before.append(overrides.filter(mine).select(OVERRIDE_COLUMNS))
            return replace_decisions(overrides, self._annotator, ids, new)

        change_overrides(self._place(), change, state=state, words=self._words)
        return before[0]
