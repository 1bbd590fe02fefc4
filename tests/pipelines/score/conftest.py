"""The tiny checkpoint of the tests of models, for runs of Kedro; and the sample release, ready to be scored."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import Project
from tests.models.conftest import qwen3_checkpoint, torch_ready

__all__ = ["qwen3_checkpoint", "torch_ready"]


@pytest.fixture(scope="session")
def inspected(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample release, ingested and inspected; read only."""
    project = Project(sample_release, tmp_path_factory.mktemp("inspected") / "data")
    project.run_here("ingest,inspect")
    return project
