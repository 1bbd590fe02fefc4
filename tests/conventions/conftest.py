"""The project as Kedro sees it: what is registered, and what conf/base says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from kedro.config import AbstractConfigLoader
from kedro.framework.project import pipelines, settings
from kedro.pipeline import Pipeline


@pytest.fixture(scope="session")
def registered(kedro_project: Path) -> dict[str, Pipeline]:
    """Every registered pipeline, by name."""
    return dict(pipelines)


@pytest.fixture(scope="session")
def base_config(kedro_project: Path) -> AbstractConfigLoader:
    """The configuration of conf/base alone, so that nobody's conf/local is looked at."""
    arguments = {**settings.CONFIG_LOADER_ARGS, "env": "base"}
    return settings.CONFIG_LOADER_CLASS(conf_source=str(kedro_project / "conf"), **arguments)


@pytest.fixture(scope="session")
def project_files(checkout: Path) -> list[Path]:
    """Every file of the project, committed or about to be; skips outside a git checkout."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip(f"the files of the project cannot be listed: {listing.stderr.strip()}")
    names = [name for name in listing.stdout.split("\0") if name]
    return [checkout / name for name in names if (checkout / name).is_file()]
