"""How this program is started here, so that advice can be typed as it is given.

Messages say ``kedro run``, which is how a checkout is worked with. Where the installed package runs without one, there is
no such command: each view of a message (an error, the log) puts what was typed in its place.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

_CHECKOUT = "kedro run"
_RUN = re.compile(rf"\b{_CHECKOUT}\b")
_CONF = "--conf-source"

_started: list[str] = []
"""The program that stands for ``kedro run``, and its configuration where it was given one; none in a checkout."""


def note_start(argv: Sequence[str]) -> None:
    """From now on commands are told as this process was started: as a module or script, with its configuration.

    Args:
        argv: the program and its arguments, as in ``sys.argv``.
    """
    program = Path(argv[0])
    _started[:] = [f"python -m {program.parent.name}" if program.name == "__main__.py" else program.name]
    for word, following in zip(argv[1:], [*argv[2:], ""], strict=True):
        if word == _CONF or word.startswith(f"{_CONF}="):
            source = following if word == _CONF else word.partition("=")[2]
            _started[1:] = [f"{_CONF} {shlex.quote(source)}"]


def as_typed(text: str) -> str:
    """The text with its commands as they are typed here.

    >>> as_typed("make it first: kedro run --pipelines ingest")
    'make it first: kedro run --pipelines ingest'
    """
    return _RUN.sub(lambda _: " ".join(_started), text) if _started else text


def with_configuration(source: str, options: str) -> str:
    """The command that runs with another configuration than this process has."""
    return f"{_started[0] if _started else _CHECKOUT} {_CONF} {shlex.quote(source)} {options}"
