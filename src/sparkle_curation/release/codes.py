"""Codes that a table holds and a person reads: each with its meaning."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """A code; ``meaning`` says it in a sentence. A member is written ``NAME = "code", "Meaning."``."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Code:
        """A code with its meaning."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member
