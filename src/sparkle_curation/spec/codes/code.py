"""A code that stands in tables and reports, together with what it means."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """One code, one meaning: the base of enumerations whose members are ``NAME = "code", "What it means."``.

    Values behind the meaning go to ``__init__`` of the enumeration, which keeps them as it likes.

    >>> class Colour(Code):
    ...     RED = "red", "It stops you."
    >>> Colour("red").meaning
    'It stops you.'
    """

    meaning: str

    def __new__(cls, code: str, meaning: str, *_: object) -> Self:
        """A code with its meaning, in a sentence."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member
