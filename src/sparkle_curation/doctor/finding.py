"""What a check found: rows of one table."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from sparkle_curation.errors import SparkleError


class State(StrEnum):
    """How bad it is. A problem stops a run, or lets it do something else than it should; a warning is to be known."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(NamedTuple):
    """One row.

    Attributes:
        subject: what was looked at.
        state: how bad it is.
        found: what is there.
        todo: what the person at the keyboard does about it; empty for nothing.
    """

    subject: str
    state: State
    found: str
    todo: str = ""


def of_error(subject: str, error: SparkleError, state: State = State.PROBLEM) -> Finding:
    """An error that a run would stop with, in its own words."""
    parts = [str(each) for each in (error.where, error.got) if each is not None]
    allowed = f"; allowed: {error.allowed}" if error.allowed is not None else ""
    said = f": {', '.join(parts)}" if parts else ""
    return Finding(subject, state, f"{error.what}{said}{allowed}", error.todo or "")


def counted(count: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(1, "table"), counted(1200, "table")
    ('1 table', '1,200 tables')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: list[str], most: int = 6) -> str:
    """The first of some names, and how many more there are.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
