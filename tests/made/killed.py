"""A `kedro run` that is killed, as ``kill -9`` does it, once something is seen to have happened."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable

from tests.conftest import Project
from tests.made import forked_kedro

_WAIT_S = 120
_ENDED_WELL = 0


def kill_when(is_reached: Callable[[], bool], project: Project, pipelines: str) -> bool:
    """Whether it was killed; a short run may have ended well before.

    Args:
        is_reached: asked again and again while the run goes on.
        project: whose run.
        pipelines: its pipelines.
    """
    env = os.environ | {"DO_NOT_TRACK": "1"}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        process = forked_kedro.start(project.command("--pipelines", pipelines), env, told, told)
        end = time.monotonic() + _WAIT_S
        while process.poll() is None and not is_reached() and time.monotonic() < end:
            time.sleep(0.002)
        process.kill()
        status = process.wait()
        told.seek(0)
        assert status in (-9, _ENDED_WELL), told.read()
    return status != _ENDED_WELL
