"""A data root that was made once, which each test copies before it does anything to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Project

from sparkle_curation.doctor.setup import Setup


@pytest.fixture(scope="session")
def made_root(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with a variant of the sample release. Read only."""
    project = Project(release_root=sample_release, data_root=tmp_path_factory.mktemp("made") / "data")
    project.run_here("curate")
    return project.data_root


@pytest.fixture
def data_root(made_root: Path, tmp_path: Path) -> Path:
    """A copy of it, with its times."""
    return Path(shutil.copytree(made_root, tmp_path / "data"))


@pytest.fixture
def setup_of(kedro_project: Path, sample_release: Path, tmp_path: Path) -> Callable[..., Setup]:
    """The project with other parameters than these: the sample release, and a data root in which nothing is."""

    def make(**params: object) -> Setup:
        roots = {"release_root": sample_release, "data_root": tmp_path / "data"}
        return Setup(kedro_project, None, {name: str(value) for name, value in {**roots, **params}.items()})

    return make
