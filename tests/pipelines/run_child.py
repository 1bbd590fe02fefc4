"""Runs pipelines in a process of its own, to be killed: Kedro and the project are imported once, and each run is a fork.

Reads a line of JSON from standard input for each run (``release``, ``data``, ``pipeline``, ``params``, ``env``), forks,
tells the child's process id, waits for it, and tells how it ended.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve runs until standard input ends."""
    from kedro.framework.project import pipelines  # noqa: PLC0415
    from kedro.framework.session import KedroSession  # noqa: F401, PLC0415 -- so that no child has to
    from kedro.framework.startup import bootstrap_project  # noqa: PLC0415
    from tests.conftest import CHECKOUT  # noqa: PLC0415

    bootstrap_project(CHECKOUT)
    dict(pipelines)
    if "models" in sys.argv:
        _import_models()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(run(json.loads(line)))
        tell(str(child))
        _, status = os.waitpid(child, 0)
        tell(str(os.waitstatus_to_exitcode(status)))


def run(asked: dict[str, Any]) -> int:
    """A run of a pipeline; 0 if it ended well."""
    from tests.conftest import Project  # noqa: PLC0415

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        project = Project(Path(asked["release"]), Path(asked["data"]), asked["params"], asked.get("env"))
        project.run_here(asked["pipeline"])
    except BaseException:  # noqa: BLE001 -- told, and the parent goes on
        traceback.print_exc()
        return 1
    return 0


def _import_models() -> None:
    """What generators run with, so that no child has to import it."""
    from tests.models.torch_operators import declare_operators  # noqa: PLC0415

    declare_operators()
    from diffusers import Flux2KleinPipeline, WanImageToVideoPipeline, WanVACEPipeline  # noqa: F401, PLC0415


def tell(line: str) -> None:
    """Say a line to the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
