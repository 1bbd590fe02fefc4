"""What Kedro-Viz shows of a dataset: a few rows as a table, or a JSON object.

A dataset that is not made yet shows an empty table or object: Kedro-Viz would log an error's text for each instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NewType

import polars as pl
from kedro_datasets._typing import JSONPreview, TablePreview

from sparkle_curation.escaping import terminal_text

MAX_CELL_CHARS = 500
"""Longer texts are cut: a score's row holds 10 KB of a model's answers, and the page holds every preview."""

TextPreview = NewType("TextPreview", str)
"""Plain text. Kedro-Viz knows a preview by the name of its type, and shows this one as it stands.

``kedro_datasets`` has no type for that. ``HTMLPreview`` is none for text of others: Kedro-Viz makes the HTML safe, and then
makes HTML of what looks like Markdown in it, so that even an escaped ``[a](x" onfocus="...)`` runs.
"""

NOT_MADE = pl.DataFrame({"not made yet": []})
"""Stands for a table without a file."""


def table_preview(frame: pl.DataFrame) -> TablePreview:
    """``frame`` in the shape that Kedro-Viz draws as a table: pandas' orient ``split``.

    >>> table_preview(pl.DataFrame({"id": ["a"], "frame_indices": [[0, 40]]}))
    {'index': [0], 'columns': ['id', 'frame_indices'], 'data': [['a', '[0, 40]']]}
    """
    return TablePreview(
        {
            "index": list(range(frame.height)),
            "columns": frame.columns,
            "data": [[_cell(value) for value in row] for row in frame.rows()],
        }
    )


def json_preview(data: Mapping[str, Any]) -> JSONPreview:
    """``data`` as the text of a JSON object."""
    return JSONPreview(json.dumps(data, ensure_ascii=False))


def _cell(value: object) -> object:
    """A value as a page can show it: nested ones as text, long text cut, what cannot be seen as escapes."""
    text = str(value) if isinstance(value, (dict, list)) else value
    if not isinstance(text, str):
        return text
    return terminal_text(text if len(text) <= MAX_CELL_CHARS else f"{text[: MAX_CELL_CHARS - 1]}…")
