"""The project's own commands beside Kedro's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import PARAMS_ARG_HELP
from kedro.framework.cli.utils import _split_params, env_option
from kedro.framework.startup import ProjectMetadata

from sparkle_curation.telling import tell_uncaught

tell_uncaught()  # Kedro imports this module before it reads a command line, whose errors are told in words too


@click.group(name="sparkle-curation")
def cli() -> None:
    """Commands of this project."""


@cli.command()
@env_option
@click.option("--params", type=click.UNPROCESSED, default="", help=PARAMS_ARG_HELP, callback=_split_params)
@click.pass_context
def doctor(context: click.Context, env: str | None, params: dict[str, Any]) -> None:
    """Say what may keep a run from going well; change nothing.

    Looks at libraries, extras, FFmpeg, GPU, telemetry, description, parameters, disk and release; and at outputs that
    are stale, left half-written or called by old names. Ends with 1 where there is a problem, and asks no network.
    """
    # Kedro imports this module for each of its commands.
    from rich.console import Console  # noqa: PLC0415

    from sparkle_curation.doctor.examination import examine, show  # noqa: PLC0415
    from sparkle_curation.doctor.setup import Setup  # noqa: PLC0415

    project = context.find_object(ProjectMetadata)
    setup = Setup(project.project_path if project else Path.cwd(), env, params)
    if not show(examine(setup), Console()):
        context.exit(1)
