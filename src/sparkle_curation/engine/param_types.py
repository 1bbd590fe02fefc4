"""Types of parameters that every costly pipeline has."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

_COUNT = "a whole number above 0"

BatchSize = Annotated[int, Field(strict=True, ge=1, description=_COUNT)]
"""Items that are worked on between two writes to the journal."""

Processes = Annotated[BatchSize | None, Field(description=f"{_COUNT}, or null for one a core")]
"""How many processes work."""


def words(value: object) -> object:
    """The words of a text, anything else as it is: ``--params`` takes no comma, so no list can be given there.

    >>> words("mask boxes")
    ['mask', 'boxes']
    """
    return value.split() if isinstance(value, str) else value
