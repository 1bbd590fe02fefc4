"""Commands in messages, so that they do what is meant when they are typed as given.

A message names the pipeline that mends something: "kedro run --pipelines ingest". Who has given this run a data root, an
environment or a threshold needs them in that run too; and where the installed package runs without a checkout, there is no
``kedro run``. Both are put right where a message is shown, in an error and in the log.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from sparkle_curation.masking import without_secrets

_CHECKOUT = "kedro run"
_RUN = re.compile(rf"\b{_CHECKOUT}\b")
_CONF = "--conf-source"

_COMMAND = re.compile(
    r"(?P<run>kedro run --pipelines \w+(?:,\w+)*)(?P<env> --env \S+)?"
    r"(?: --params (?P<params>'[^']*'|\"[^\"]*\"|[^\s;)`]*[^\s;)`,.]))?"
)

_OF_ONE_RUN = frozenset({"shard"})
"""Parameters of a run that no other one shares: what a shard needs first is made without it."""

_environment: list[str] = []
_given: dict[str, str] = {}

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


def note_run(environment: str | None, params: Mapping[str, Any]) -> None:
    """From now on commands have this environment and these parameters, but those that they name themselves.

    Args:
        environment: as the run was given it; None where it was given none.
        params: of ``--params``, nested as Kedro has them.
    """
    _environment[:] = [environment] if environment else []
    _given.clear()
    _given.update(_flat(params))


def noted() -> tuple[list[str], dict[str, str], list[str]]:
    """All that was noted, for another process of this run; see ``take_up``."""
    return list(_environment), dict(_given), list(_started)


def take_up(notes: tuple[list[str], dict[str, str], list[str]]) -> None:
    """Tell commands as the process does that ``noted`` was called in."""
    _environment[:], _started[:] = notes[0], notes[2]
    _given.clear()
    _given.update(notes[1])


def as_typed(text: str) -> str:
    """The text with its commands as they are to be typed here.

    >>> note_run(None, {"data_root": "/my data", "split": {"val_share": 0.1}, "threshold": 9})
    >>> as_typed("make it first: kedro run --pipelines ingest, then this")
    "make it first: kedro run --pipelines ingest --params 'data_root=/my data,split.val_share=0.1,threshold=9', then this"
    >>> as_typed("kedro run --pipelines filter --params threshold=8.5")
    "kedro run --pipelines filter --params 'data_root=/my data,split.val_share=0.1,threshold=8.5'"
    >>> note_run(None, {})
    >>> as_typed("make it first: kedro run --pipelines ingest")
    'make it first: kedro run --pipelines ingest'
    """
    completed = _COMMAND.sub(_completed_command, text) if _given or _environment else text
    return _RUN.sub(lambda _: " ".join(_started), completed) if _started else completed


def _completed_command(found: re.Match[str]) -> str:
    environment = found["env"] or "".join(f" --env {shlex.quote(name)}" for name in _environment)
    named = (found["params"] or "").strip("'\"")
    given = {name: value for name, value in _given.items() if name not in _OF_ONE_RUN}
    params = given | dict(item.split("=", 1) for item in named.split(",") if "=" in item)
    items = ",".join(f"{name}={value}" for name, value in params.items())
    return f"{found['run']}{environment}" + (f" --params {shlex.quote(items)}" if items else "")


def _flat(params: Mapping[str, Any], group: str = "") -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{group}{name}.")
        else:
            yield f"{group}{name}", without_secrets(_as_parameter(value))


def _as_parameter(value: object) -> str:
    """A value as ``--params`` takes it: a text in quotes where YAML would read something else."""
    try:
        is_plain = isinstance(value, str) and yaml.safe_load(value) == value
    except yaml.YAMLError:
        is_plain = False
    return str(value) if is_plain else json.dumps(value, ensure_ascii=False, default=str)


def with_configuration(source: str, options: str) -> str:
    """The command that runs with another configuration than this process has."""
    return f"{_started[0] if _started else _CHECKOUT} {_CONF} {shlex.quote(source)} {options}"
