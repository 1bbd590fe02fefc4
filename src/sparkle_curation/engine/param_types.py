"""Types of parameters that every costly pipeline has."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

_COUNT = "an integer above 0"

BatchSize = Annotated[int, Field(strict=True, ge=1, description=_COUNT)]
"""Items that are worked on between two writes to the journal."""

Processes = Annotated[BatchSize | None, Field(description=f"{_COUNT}, or null for one a core")]
"""How many processes work."""

_FOLDER = "a folder of this machine, which need not be there and is no file, or null"


def _check_folder(text: str | None) -> str | None:
    if text is not None and (not text.strip() or "://" in text or "::" in text or _is_below_a_file(text)):
        raise ValueError(_FOLDER)
    return text


def _is_below_a_file(text: str) -> bool:
    """Whether no folder can be there: a file is, or is above."""
    path = Path(text).expanduser().absolute()
    there = next((each for each in (path, *path.parents) if os.path.lexists(each)), None)
    return there is not None and not there.is_dir()


LocalFolder = Annotated[str | None, Field(strict=True, description=_FOLDER), AfterValidator(_check_folder)]
"""Where something is written to, or None for a place of its own."""


def split_words(value: list[str] | str | None) -> list[str] | None:
    """A list of words as Kedro hands it to a node: of ``--params``, which takes no comma, as one text.

    >>> split_words("season time"), split_words(["season"]), split_words(None)
    (['season', 'time'], ['season'], None)
    """
    return value.split() if isinstance(value, str) else value


def words(is_known: Callable[[str], bool], meaning: str) -> BeforeValidator:
    """A check of a list of words, given as a list or as one text: ``--params`` takes no comma.

    Args:
        is_known: whether a word is allowed.
        meaning: what is allowed, for the error.
    """

    def check(value: object) -> object:
        items = value.split() if isinstance(value, str) else value
        if isinstance(items, list) and not all(isinstance(item, str) and is_known(item) for item in items):
            raise ValueError(meaning)
        return items

    return BeforeValidator(check)
