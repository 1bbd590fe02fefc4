"""What every test may use: the sample release, pairs of whole clips, and runs of the project that leave nothing behind."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from omegaconf import OmegaConf
from tests.made import forked_kedro
from tests.made.kept_configuration import kept_configuration, kept_pipelines
from tests.made.pairs import Pairs, make_pairs

from sparkle_curation.commands import note_run

CHECKOUT = Path(__file__).resolve().parents[1]

# Tests run in a process a core: one in which torch takes all cores holds up the others, and itself.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No deadline: a shared machine stalls for longer than any example takes. In CI the examples are the same each time.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that writes the golden results again instead of holding against them."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/ from this run")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of the project: where `pyproject.toml`, `conf/` and `data/` are."""
    return CHECKOUT


@pytest.fixture(scope="session")
def sample_release() -> Path:
    """The small made release that is in git. Read only: copy it before changing anything."""
    return CHECKOUT / "data" / "01_raw" / "sparkle_sample"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take minutes come first, the longest before all, so that no core waits for them at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(
        key=lambda item: (
            item.path.name != "test_dvc_person.py",
            "journeys" not in item.path.parts,
            item.path not in slow,
        )
    )


def pytest_collection_finish() -> None:
    """Modules stay to the end: a collection of garbage need not go through a million objects of theirs each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _configuration_is_kept() -> Iterator[None]:
    """A run in this process reads the files of conf/ as any other does, but parses a text that it has seen no more."""
    with kept_configuration():
        yield


@pytest.fixture(autouse=True)
def _no_run_before() -> Iterator[None]:
    """Messages repeat what a run was given: none of a run in this process reaches the next test."""
    note_run(None, {})
    yield
    note_run(None, {})


def _real_pairs() -> Path:
    """Beside the checkout or further above, where a worktree lies deeper; beside it where there are none."""
    beside = [folder / "shared" / "sparkle_real" for folder in CHECKOUT.parents]
    return next((folder for folder in beside if folder.is_dir()), beside[0])


SPARKLE_REAL = Path(os.environ.get("SPARKLE_REAL") or _real_pairs())
"""Where twelve real pairs of the release lie, CSVs and videos alone, on machines that have them."""


@pytest.fixture(scope="session", params=["made", *(["real"] if SPARKLE_REAL.is_dir() else [])])
def pairs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    """Twelve pairs of a release with nothing but CSVs and videos: made ones, and the real ones too where they are."""
    if request.param == "real":
        return Pairs(SPARKLE_REAL, (1280, 720))
    return make_pairs(tmp_path_factory.mktemp("pairs"))


@pytest.fixture(scope="session")
def tiny_generator(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny checkpoint of a kind (``flux``, ``wan``, ``vace``), made when first asked for; read only."""
    from tests.models.generators.tiny_generators import write_tiny_generator  # noqa: PLC0415 -- imports torch

    root = tmp_path_factory.mktemp("generators")
    return cache(lambda kind: write_tiny_generator(root / kind, kind))


@dataclass(frozen=True)
class Project:
    """Runs of this checkout on one release, with every output under a folder of their own.

    Attributes:
        release_root: the release that is curated.
        data_root: where the outputs go, `02_intermediate/` and so on.
        params: further parameters of every run, by their dotted names.
        env: the folder of `conf/` that goes over `conf/base`; None for `conf/local`, as Kedro does.
    """

    release_root: Path
    data_root: Path
    params: Mapping[str, object] = field(default_factory=dict)
    env: str | None = None

    def output(self, *parts: str) -> Path:
        """The path of an output: ``project.output("03_primary", "verdicts.parquet")``."""
        return self.data_root.joinpath(*parts)

    def table(self, name: str) -> Path:
        """The path of an ingested table; those of scores have a folder of their own."""
        folder = ["scores"] if name.endswith("_scores") else []
        return self.output("02_intermediate", *folder, f"{name}.parquet")

    def param_items(self, params: Mapping[str, object] | None = None) -> list[str]:
        """The parameters of a run as ``name=value``, those of the run before those of the project."""
        roots = {"release_root": self.release_root, "data_root": self.data_root}
        return [
            f"{name}={_yaml(value)}" for name, value in {**roots, **self.params, **(params or {})}.items()
        ]

    def command(self, *arguments: str, params: Mapping[str, object] | None = None) -> list[str]:
        """The command line of a run: ``kedro run`` with the arguments and all parameters.

        Raises:
            ValueError: a value holds a comma, where Kedro would cut it.
        """
        items = self.param_items(params)
        if any("," in item for item in items):
            raise ValueError(f"--params takes no comma: {items}")
        env = ["--env", self.env] if self.env else []
        return [sys.executable, "-m", "kedro", "run", *env, *arguments, "--params", ",".join(items)]

    def run_kedro(
        self, *arguments: str, params: Mapping[str, object] | None = None, timeout_s: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """A finished ``kedro run`` in a process of its own, which is spared the importing; it may have failed.

        Args:
            arguments: options of `kedro run`, such as ``"--pipeline", "curate"``.
            params: parameters by their dotted names.
            timeout_s: seconds after which the run is killed.
        """
        env = os.environ | {"DO_NOT_TRACK": "1", "COLUMNS": "200"}
        return forked_kedro.run(self.command(*arguments, params=params), env, timeout_s)

    def run_here(
        self, pipeline: str = "curate", *, params: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """The outputs of a run in this process, by dataset name: faster, and raises what the run raises.

        Args:
            pipeline: its name, or several names with commas between.
            params: parameters by their dotted names.
        """
        from kedro.framework.session import KedroSession  # noqa: PLC0415  # costs every test that runs nothing

        # as Kedro's own command line reads them, so that a nested name and a number mean the same here
        runtime = OmegaConf.to_container(OmegaConf.from_dotlist(self.param_items(params)))
        with KedroSession.create(CHECKOUT, env=self.env, runtime_params=runtime) as session:
            outputs = session.run(pipeline_names=pipeline.split(","))
        return {name: dataset.load() for name, dataset in outputs.items()}

    def run_shard(self, pipeline: str, shard: str) -> None:
        """A shard of a pipeline, which ends well and as a process ends."""
        with pytest.raises(SystemExit) as ended:
            self.run_here(pipeline, params={"shard": shard})
        assert ended.value.code == 0


def _yaml(value: object) -> str:
    """A value as the command line has it: null, true, 8.5, or the text itself."""
    return json.dumps(value) if value is None or isinstance(value, (bool, int, float)) else str(value)


@pytest.fixture(scope="session")
def kedro_project() -> Iterator[Path]:
    """The folder of the project, once Kedro knows it: its settings and pipelines can be asked for."""
    from kedro.framework.startup import bootstrap_project  # noqa: PLC0415

    bootstrap_project(CHECKOUT)
    with kept_pipelines():
        yield CHECKOUT


@pytest.fixture
def project(kedro_project: Path, sample_release: Path, tmp_path: Path) -> Project:
    """The project on the sample release; `dataclasses.replace(project, release_root=...)` takes another."""
    return Project(release_root=sample_release, data_root=tmp_path / "data")
