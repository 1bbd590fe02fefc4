"""Runs that are killed, as ``kill -9`` does it, once something is seen to have happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, cast

from tests.conftest import CHECKOUT, Project

_WAIT_S = 120


class Child:
    """The process that runs pipelines; each run is a child of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._in, self._out = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)

    def start(self, project: Project, pipeline: str) -> int:
        """Begin; gives the process id."""
        asked = {
            "release": str(project.release_root),
            "data": str(project.data_root),
            "pipeline": pipeline,
            "params": {
                name: value if isinstance(value, (bool, int, float, type(None))) else str(value)
                for name, value in project.params.items()
            },
            "env": project.env,
        }
        self._in.write(json.dumps(asked) + "\n")
        self._in.flush()
        return int(self._out.readline())

    def wait(self) -> int:
        """The exit code of what was begun, -9 for a killed one."""
        return int(self._out.readline())

    def kill_when(self, is_reached: Callable[[], bool], project: Project, pipeline: str) -> bool:
        """Whether a run was killed before it ended; ``is_reached`` is asked again and again while it goes on."""
        pid = self.start(project, pipeline)
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
def child_process(*, runs_models: bool = False) -> Iterator[Child]:
    """A process for runs, which has imported the project, and what runs models where that is asked for."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pipelines.run_child", *(["models"] if runs_models else [])],
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
