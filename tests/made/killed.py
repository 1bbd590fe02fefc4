"""Runs that are killed, as ``kill -9`` does it, once something is seen to have happened.

A process imports what runs need once, and forks for each: it reads a line of JSON for each run, tells the process id of the
child, waits for it, and tells how it ended. ``serve_runs`` is its side of that, ``child_process`` the test's.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from tests.conftest import CHECKOUT, Project

PIPELINES = "tests.pipelines.run_child"
"""The module that runs pipelines, told a ``Project`` and their names."""
_WAIT_S = 120


class Child:
    """The process that runs; each run is a child of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._in, self._out = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)

    def start(self, *told: Project | Path | str) -> int:
        """Begin, with what the module is told of a run; gives the process id."""
        self._in.write(json.dumps([_plain(each) for each in told]) + "\n")
        self._in.flush()
        return int(self._out.readline())

    def wait(self) -> int:
        """The exit code of what was begun, -9 for a killed one."""
        return int(self._out.readline())

    def run(self, *told: Project | Path | str) -> None:
        """A run that ends well."""
        self.start(*told)
        assert self.wait() == 0

    def kill_when(self, is_reached: Callable[[], bool], *told: Project | Path | str) -> bool:
        """Whether a run was killed before it ended; ``is_reached`` is asked again and again while it goes on."""
        pid = self.start(*told)
        end = time.monotonic() + _WAIT_S
        with suppress(ProcessLookupError):  # it has ended
            while not is_reached() and time.monotonic() < end:
                os.kill(pid, 0)
                time.sleep(0.002)
            os.kill(pid, signal.SIGKILL)
        status = self.wait()
        assert status in (0, -signal.SIGKILL)
        return status != 0


@contextmanager
def child_process(module: str = PIPELINES, *arguments: Path | str) -> Iterator[Child]:
    """A process for runs of a module."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Child(process)
    finally:
        process.kill()
        process.wait()


def serve_runs(run: Callable[..., object]) -> None:
    """Run what standard input asks for until it ends, each in a fork; of what fails the error is told there."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(_status_of(run, json.loads(line)))
        _tell(child)
        _tell(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _status_of(run: Callable[..., object], told: list[Any]) -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # which is for numbers alone
    try:
        run(*told)
    except BaseException:  # noqa: BLE001 -- told, and the parent goes on
        traceback.print_exc()
        return 1
    return 0


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _plain(told: Project | Path | str) -> Any:
    if not isinstance(told, Project):
        return str(told)
    return {
        "release": str(told.release_root),
        "data": str(told.data_root),
        "params": {
            name: value if isinstance(value, (bool, int, float, type(None))) else str(value)
            for name, value in told.params.items()
        },
        "env": told.env,
    }
