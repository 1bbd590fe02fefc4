"""Work on a member in a process of its own: one process works with one description, and each member has its own.

``python -m sparkle_curation.mixing.own_process`` takes one line of JSON, does what it asks for, and writes ``answer.json``
or ``error.json`` into the folder that it names. It ends when whoever started it is gone.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparkle_curation import errors
from sparkle_curation.engine.io.format_version import FormatVersionError
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.errors import SparkleError

_ANSWER, _ERROR = "answer.json", "error.json"
_TOLD = ("what", "where", "got", "allowed", "todo")


def do_in_process(job: str, member: str, description: str, folder: Path, request: Mapping[str, Any]) -> Any:
    """The answer of a job that a process with this description does.

    Args:
        job: ``read`` or ``extract``.
        member: its name, for errors.
        description: the ``dataset.yml`` of its dataset.
        folder: of this run alone, for what is too long for an answer.
        request: what the job is asked; written to no disk, since it may have credentials.

    Raises:
        SparkleError: of its own class, what the job cannot go on with.
    """
    line = json.dumps({"job": job, "folder": str(folder), "request": request})
    environment = {**os.environ, "SPARKLE_DATASET": description}
    with subprocess.Popen(  # noqa: S603 -- this module
        [sys.executable, "-m", __name__], env=environment, stdin=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdin is not None:
                process.stdin.write(line + "\n")
                process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and says why below
        status = process.wait()
    if (folder / _ERROR).is_file():
        raise _as_error(read_json((folder / _ERROR).read_bytes()))
    if status or not (folder / _ANSWER).is_file():
        raise SparkleError(
            f"The process that works on the member {member} ended early",
            where=f"mix.members.{member}",
            got=f"exit status {status}",
            todo="see what it said above; where memory ran out, close what else runs, then run again",
        )
    return read_json((folder / _ANSWER).read_bytes())


def _as_error(members: Mapping[str, Any]) -> SparkleError:
    """The error as its own class has it."""
    kinds = {**vars(errors), FormatVersionError.__name__: FormatVersionError}
    kind = kinds.get(members["kind"], SparkleError)
    if kind is errors.UndescribedError:  # which is made of other facts
        kind = errors.StaleTableError
    return kind(members["what"], **{name: members[name] for name in _TOLD[1:]})  # type: ignore[no-any-return]


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> int:
    """Do what the line asks for; 1 where that cannot be."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    folder = Path(asked["folder"])
    try:
        # Each imports what the other does not need, and all of it asks the description.
        if asked["job"] == "read":
            from sparkle_curation.mixing.reading import read_here as work  # noqa: PLC0415
        else:
            from sparkle_curation.mixing.extracting import extract_here as work  # noqa: PLC0415
        answer = work(asked["request"], folder)
    except SparkleError as error:
        told = {name: getattr(error, name) for name in _TOLD}
        members = {name: None if value is None else str(value) for name, value in told.items()}
        text = json.dumps({"kind": type(error).__name__, **members})
        (folder / _ERROR).write_text(text, encoding="utf-8")
        return 1
    (folder / _ANSWER).write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
