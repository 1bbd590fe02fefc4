"""Every runner of Kedro gives the same tables and the same variant as the default one."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from kedro.framework.session import KedroSession
from kedro.runner import AbstractRunner, ParallelRunner, SequentialRunner, ThreadRunner
from omegaconf import OmegaConf
from tests.conftest import CHECKOUT, Project

from sparkle_curation import commands

PIPELINES = ["ingest", "inspect", "filter", "profiles"]

RUNNERS: dict[str, Callable[[], AbstractRunner]] = {
    "threads": ThreadRunner,
    "processes": lambda: ParallelRunner(max_workers=2),
    "async": lambda: SequentialRunner(is_async=True),
}


def run(project: Project, runner: AbstractRunner, *pipelines: str) -> None:
    """A run by that runner, in this process; a mix is of copies of what the default one has curated."""
    members = {f"mix.members.{name}.data_root": project.data_root.with_name(name) for name in ("one", "two")}
    params = project.param_items(members if "mix" in pipelines else {})
    runtime = OmegaConf.to_container(OmegaConf.from_dotlist(params))
    with KedroSession.create(CHECKOUT, runtime_params=runtime) as session:
        session.run(pipeline_names=list(pipelines), runner=runner)


def contents(data_root: Path) -> dict[str, str]:
    """The digest of each table and CSV, by its path."""
    return {
        path.relative_to(data_root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(data_root.rglob("*"))
        if path.suffix in (".parquet", ".csv") and path.is_file()
    }


@pytest.fixture(scope="module")
def roots(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample, curated by the default runner, in a folder whose place the others take: outputs hold its path."""
    project = Project(sample_release, tmp_path_factory.mktemp("runners") / "data")
    run(project, SequentialRunner(), *PIPELINES)
    for name in ("one", "two"):
        shutil.copytree(project.data_root, project.data_root.with_name(name))
    run(project, SequentialRunner(), "mix")
    project.data_root.rename(project.data_root.with_name("default"))
    return project


@pytest.mark.parametrize("name", RUNNERS)
def test_a_runner_gives_the_same_tables_and_variant(name: str, roots: Project) -> None:
    """Byte by byte; and a second run of it, over what is there, changes none of them."""
    wanted = contents(roots.data_root.with_name("default"))
    variables, noted = dict(os.environ), commands.noted()
    try:
        run(roots, RUNNERS[name](), *PIPELINES)
        run(roots, RUNNERS[name](), "mix")
        assert contents(roots.data_root) == wanted
        assert len([path for path in wanted if "kiwi_edit" in path]) >= 5
        assert [path for path in wanted if path.startswith("05_model_input/mix/") and path.endswith(".csv")]
    finally:
        roots.data_root.rename(roots.data_root.with_name(name))
    assert (dict(os.environ), commands.noted()[2]) == (variables, noted[2])
