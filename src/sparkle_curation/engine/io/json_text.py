"""JSON from outside: a server's, a model's, a file's. What is nested too deeply to be read is said to be that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


class NestedTooDeeplyError(ValueError):
    """The JSON nests deeper than can be read; whether it is JSON to its end is not known."""


def read_json(text: str | bytes, decode: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON text.

    Args:
        text: the text.
        decode: what reads it, where it is not ``json.loads``.

    Raises:
        NestedTooDeeplyError: its lists and objects nest some hundred deep.
        ValueError: it is no JSON.

    >>> read_json('{"a": [1]}')
    {'a': [1]}
    """
    try:
        return (
            json.loads(text) if decode is None else decode(text if isinstance(text, str) else text.decode())
        )
    except RecursionError:
        raise NestedTooDeeplyError("lists and objects are nested too deeply to be read") from None
