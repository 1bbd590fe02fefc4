"""Runs pipelines in a process of its own, to be killed: Kedro and the project are imported once, and each run is a fork."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.made.killed import serve_runs


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
    serve_runs(run)


def run(project: dict[str, Any], pipeline: str) -> None:
    """A run of a pipeline."""
    from tests.conftest import Project  # noqa: PLC0415

    made = Project(Path(project["release"]), Path(project["data"]), project["params"], project["env"])
    made.run_here(pipeline)


def _import_models() -> None:
    """What generators run with, so that no child has to import it."""
    from tests.models.torch_operators import declare_operators  # noqa: PLC0415

    declare_operators()
    from diffusers import Flux2KleinPipeline, WanImageToVideoPipeline, WanVACEPipeline  # noqa: F401, PLC0415


if __name__ == "__main__":
    main()
