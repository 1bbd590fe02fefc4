"""dvc.yaml says of each stage what its pipeline reads, writes and is made of, so that DVC runs it when it must."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml
from kedro.config import AbstractConfigLoader
from kedro.io import CatalogConfigResolver
from kedro.pipeline import Pipeline, node
from tests.conftest import CHECKOUT
from tests.conventions.test_catalog import is_declared, is_parameter

from sparkle_curation import parameters
from sparkle_curation.datasets import PipelineCodeDataset
from sparkle_curation.engine.caching.code_digest import own_index, reached
from sparkle_curation.spec.tables.generated import GENERATED_STAGES

COMMAND = "kedro run --env base --pipelines "
PACKAGE = "sparkle_curation"
BENCH = "data/02_intermediate/bench_manifest.csv"
TEXTS, MEDIA = (f"data/02_intermediate/{name}_manifest.csv" for name in ("text", "media"))
MANIFESTS = {"manifest": [], "ingest": [TEXTS, MEDIA]}
"""Stage -> what the release is to it; to any other that reads it, its media."""

JOURNALS = "data/journals"
"""Work that was done is not done again: a journal changes when a stage ends, and no result."""

CODE = "data/02_intermediate/code_digests.json"
"""Where a stage finds the digest of the code of its pipeline."""

OF_THIS_MACHINE = tuple(f"data/02_intermediate/{name}_contents.parquet" for name in ("text", "media"))
"""Files that a stage writes and a version does not have: they hold the times of this machine's files."""

Stages = Mapping[str, Mapping[str, Any]]
Entries = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Project:
    """What the stages are compared with.

    Attributes:
        stages: of dvc.yaml, by name.
        registered: the pipelines by name.
        entries: of the catalog, by name.
        catalog_files: the entries and factories that each catalog file declares.
        imported_by: the modules of this package that a module imports, directly or not, itself among them.
    """

    stages: Stages
    registered: Mapping[str, Pipeline]
    entries: Entries
    catalog_files: Mapping[str, Collection[str]]
    imported_by: Callable[[str], set[str]]

    def pipelines(self) -> Iterator[tuple[str, Mapping[str, Any], Pipeline]]:
        """The stages that call a registered pipeline, with it."""
        for name, stage in self.stages.items():
            pipeline = self.registered.get(stage["cmd"].removeprefix(COMMAND))
            if pipeline is not None:
                yield name, stage, pipeline

    def paths(self, dataset: str) -> list[str]:
        """The files and folders of a dataset, from the checkout; the configuration's own come with the whole path."""
        found = self._entry(dataset)
        paths = [*([found["filepath"]] if "filepath" in found else []), *found.get("filepaths", {}).values()]
        return [path.removeprefix(f"{CHECKOUT.as_posix()}/") for path in paths]

    def _entry(self, dataset: str) -> Mapping[str, Any]:
        return self.entries.get(dataset) or self._factories.resolve_pattern(dataset) or {}

    @cached_property
    def _factories(self) -> CatalogConfigResolver:
        secrets = {entry["credentials"]: {} for entry in self.entries.values() if "credentials" in entry}
        return CatalogConfigResolver(config=dict(self.entries), credentials=secrets)

    def modules(self, pipeline: Pipeline) -> set[str]:
        """The modules that a pipeline's nodes and datasets are made of."""
        names = {name for step in pipeline.nodes for name in [*step.inputs, *step.outputs]}
        types = {str(self._entry(name).get("type", "")) for name in names if not is_parameter(name)}
        datasets = {module_of(name) for name in types if name.startswith(PACKAGE)}
        return {
            m
            for root in datasets | {s.func.__module__ for s in pipeline.nodes}
            for m in self.imported_by(root)
        }


def module_of(dotted_class: str) -> str:
    """The module that a class comes from, wherever it is named."""
    module, _, name = dotted_class.rpartition(".")
    return str(getattr(importlib.import_module(module), name).__module__)


def listed(items: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
    """The paths of deps, outs, metrics or params with what is said of them."""
    pairs = [next(iter(item.items())) if isinstance(item, Mapping) else (item, {}) for item in items]
    return {path: said or {} for path, said in pairs}


def all_outs(stage: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Everything that a stage writes."""
    return {
        path: said
        for kind in ("outs", "metrics", "plots")
        for path, said in listed(stage.get(kind, [])).items()
    }


def is_covered(path: str, by: Iterable[str]) -> bool:
    """Whether a path is one of the others, or lies in one."""
    return any(path == other or path.startswith(f"{other}/") for other in by)


# ------------------------------------------------------------------ the checks
def other_commands(project: Project) -> list[str]:
    """Stages that do anything but run one registered pipeline with the settings of conf/base."""
    known = {name for name, _, _ in project.pipelines()}
    return [f"{name}: {stage['cmd']}" for name, stage in project.stages.items() if name not in known]


def unnamed_outputs(project: Project) -> list[str]:
    """Files that a stage's pipeline writes and its outs lack."""
    return [
        f"{stage_name}: {path}"
        for stage_name, stage, pipeline in project.pipelines()
        for output in sorted(pipeline.all_outputs())
        for path in project.paths(output)
        if not is_covered(path, [*all_outs(stage), *OF_THIS_MACHINE])
    ]


def unwritten_outs(project: Project) -> list[str]:
    """Outs that no dataset of the stage's pipeline writes."""
    return [
        f"{stage_name}: {out}"
        for stage_name, stage, pipeline in project.pipelines()
        for out in all_outs(stage)
        if not any(is_covered(p, [out]) for name in pipeline.all_outputs() for p in project.paths(name))
    ]


def unnamed_inputs(project: Project) -> list[str]:
    """Files that a stage's pipeline reads and its deps lack; of the release it is a manifest."""
    return [
        f"{stage_name}: {path}"
        for stage_name, stage, pipeline in project.pipelines()
        for name in sorted(pipeline.inputs())
        for path in (
            MANIFESTS.get(stage_name, [MEDIA])
            if name == "release"
            else [BENCH]
            if name == "benchmark" and stage_name != "manifest"
            else project.paths(name)
        )
        if not is_covered(path, [*listed(stage.get("deps", [])), *all_outs(stage), JOURNALS])
    ]


def unnamed_parameters(project: Project) -> list[str]:
    """Files of the parameters that a stage's pipeline reads and its params lack."""
    homes = {
        (name, parameters._HOMES[read.removeprefix("params:").partition(".")[0]])
        for name, _, pipeline in project.pipelines()
        for read in pipeline.inputs()
        if is_parameter(read)
    }
    return sorted(
        f"{n}: {file}" for n, file in homes if file not in listed(project.stages[n].get("params", []))
    )


def unnamed_catalogs(project: Project) -> list[str]:
    """Catalog files that say where a stage's pipeline writes, and that its deps lack."""
    return [
        f"{stage_name}: {file}"
        for stage_name, stage, pipeline in project.pipelines()
        if not stage.get("always_changed")
        for file, patterns in project.catalog_files.items()
        if any(is_declared(name, patterns) for name in pipeline.all_outputs() if project.paths(name))
        and not is_covered(file, listed(stage.get("deps", [])))
    ]


def unnamed_code(project: Project) -> list[str]:
    """Stages that do not take the digest of their pipeline's code, and those that name sources beside it."""
    faults = []
    for name, stage, _ in project.pipelines():
        called = stage["cmd"].removeprefix(COMMAND)
        if not stage.get("always_changed") and called not in listed(stage.get("params", [])).get(CODE, []):
            faults.append(f"{name}: {CODE} [{called}]")
        faults += [f"{name}: {path}" for path in listed(stage.get("deps", [])) if path.startswith("src")]
    return faults


CHECKS = [
    other_commands,
    unnamed_outputs,
    unwritten_outs,
    unnamed_inputs,
    unnamed_parameters,
    unnamed_catalogs,
    unnamed_code,
]


# ------------------------------------------------------------------ the project
def load_yaml(path: Path) -> dict[str, Any]:
    """What a YAML file says."""
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="session")
def dvc_file(checkout: Path) -> dict[str, Any]:
    """What dvc.yaml says, with the stage that waits there to be wanted."""
    text = (checkout / "dvc.yaml").read_text(encoding="utf-8")
    wanted = re.sub(r"^#\| ", "", text, flags=re.MULTILINE)
    assert wanted != text
    content: dict[str, Any] = yaml.safe_load(wanted)
    return content


@pytest.fixture(scope="session")
def imported_by() -> Callable[[str], set[str]]:
    """The modules that a module imports, directly or not, itself among them."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None, exclude_type_checking_imports=True)
    return lambda module: {module} | graph.find_upstream_modules(module)


@pytest.fixture
def project(
    checkout: Path,
    dvc_file: dict[str, Any],
    registered: dict[str, Pipeline],
    base_config: AbstractConfigLoader,
    imported_by: Callable[[str], set[str]],
) -> Project:
    """The project as it is."""
    catalogs = sorted((checkout / "conf" / "base").rglob("catalog*.yml"))
    files = {path.relative_to(checkout).as_posix(): list(load_yaml(path)) for path in catalogs}
    entries = {name: entry for name, entry in base_config["catalog"].items() if not name.startswith("_")}
    return Project(dvc_file["stages"], registered, entries, files, imported_by)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_at_fault(check: Callable[[Project], list[str]], project: Project) -> None:
    """The stages pass each check."""
    assert check(project) == []


def test_a_digest_is_of_all_that_a_stage_is_made_of(project: Project, checkout: Path) -> None:
    """Modules of nodes and datasets with all that they import, as another reader of imports finds them."""
    code = PipelineCodeDataset(path=str(checkout / "conf")).load()
    assert set(code) == {name for name in project.registered if not name.startswith("__")}
    for name, pipeline in project.registered.items():
        if not name.startswith("__"):
            found, _ = reached(own_index(), code[name].modules)
            assert project.modules(pipeline) <= found
    # Their nodes are shared, and only signatures name the parameters.
    for name in GENERATED_STAGES:
        assert f"sparkle_curation.pipelines.{name}.params" in code[name].modules


def test_what_git_keeps_is_not_ignored(checkout: Path, dvc_file: dict[str, Any]) -> None:
    """Git keeps what DVC does not (`cache: false`), and ignores what DVC keeps."""
    outs = {path: said for stage in dvc_file["stages"].values() for path, said in all_outs(stage).items()}
    finished = subprocess.run(
        ["git", "check-ignore", "--no-index", *outs],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode > 1:
        pytest.skip(f"git cannot say what it ignores: {finished.stderr.strip()}")
    assert set(finished.stdout.splitlines()) == {
        path for path, said in outs.items() if said.get("cache", True)
    }


def test_each_plot_has_its_data_and_template(checkout: Path, dvc_file: dict[str, Any]) -> None:
    """A plot draws an out that git keeps, by a template of this project."""
    kept = {
        p
        for stage in dvc_file["stages"].values()
        for p, said in all_outs(stage).items()
        if not said.get("cache", True)
    }
    for plot in dvc_file["plots"]:
        ((_, said),) = plot.items()
        assert set(said["y"]) <= kept
        assert (checkout / ".dvc" / "plots" / f"{said['template']}.json").is_file()


# ------------------------------------------------------------------ each check can fail
def _judge(verdicts: object, release: object, _: object) -> object:
    return verdicts, release


BAD_STAGE = {
    "cmd": f"{COMMAND}bad",
    "deps": ["data/in.parquet.old", "src/a"],
    "outs": [{"data/elsewhere": {"persist": True}}],
    "params": ["conf/base/globals.yml"],
}


@pytest.mark.parametrize(
    ("check", "faults"),
    [
        (other_commands, ["loose: kedro run --pipelines bad"]),
        (unnamed_outputs, ["bad: data/out/x.csv"]),
        (unwritten_outs, ["bad: data/elsewhere"]),
        (unnamed_inputs, [f"bad: {MEDIA}", "bad: data/in.parquet"]),
        (unnamed_parameters, ["bad: conf/base/curate/parameters.yml"]),
        (unnamed_catalogs, ["bad: conf/base/bad/catalog.yml"]),
        (unnamed_code, [f"bad: {CODE} [bad]", "bad: src/a"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_check_finds_its_fault(check: Callable[[Project], list[str]], faults: list[str]) -> None:
    """Each check names what a stage leaves out, and a stage that is no such stage."""
    pipeline = Pipeline([node(_judge, ["verdicts", "release", "params:threshold"], "x_report", name="judge")])
    entries = {
        "verdicts": {"filepath": "data/in.parquet"},
        "{name}_report": {"filepath": "data/out/{name}.csv"},
    }
    bad = Project(
        stages={"bad": BAD_STAGE, "loose": {"cmd": "kedro run --pipelines bad"}},
        registered={"bad": pipeline},
        entries={name: {"type": "kedro.io.MemoryDataset", **entry} for name, entry in entries.items()},
        catalog_files={
            "conf/base/bad/catalog.yml": ["{name}_report"],
            "conf/base/other/catalog.yml": ["verdicts"],
        },
        imported_by=lambda _: {"a.b"},
    )
    assert check(bad) == faults
