"""The catalog and the registered pipelines name the same things, in one manner."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from kedro.config import AbstractConfigLoader
from kedro.io import CatalogConfigResolver
from kedro.io.core import parse_dataset_definition
from kedro.pipeline import Node, Pipeline, node

import sparkle_curation.pipelines

Entries = Mapping[str, Mapping[str, Any]]
Check = Callable[[Entries, Mapping[str, Pipeline]], list[str]]

LAYERS = {
    "01_raw": "raw",
    "02_intermediate": "intermediate",
    "03_primary": "primary",
    "05_model_input": "model_input",
    "07_model_output": "model_output",
    "08_reporting": "reporting",
}
"""Folder under `data/` -> layer in Kedro-Viz."""

EARLIER = {
    "rescored_{stage}_scores": "intermediate",
    "signals": "intermediate",
    "audit_sample": "primary",
    "track_regrounded_r1": "intermediate",
    "track_regrounded_r2": "intermediate",
    "bench_ledger_before": "intermediate",
    "told_progress": "intermediate",
    "told_instructions": "intermediate",
    "new_instructions": "intermediate",
    "new_instructions_before": "intermediate",
    "new_progress": "model_output",
}
"""What models, people or reports give and filtering reads: Kedro-Viz draws it left of all that it does not lead to."""

GATE_LAYER = "validation"
"""Layer of the reports that decide whether filtering begins, and of what passes."""

UNSEEN = {
    "MemoryDataset",
    "AssetStoreDataset",
    "CredentialDataset",
    "DataDocsDataset",
    "ExcludedSamplesDataset",
    "HubDataset",
    "JournalDataset",
    "LeanTablesDataset",
    "RemovalPlaceDataset",
    "VariantStoreDataset",
}
"""Types of dataset that Kedro-Viz cannot preview: what is not kept, a site of many pages, what is not for people, and
other views of what has a preview of its own."""


def is_parameter(name: str) -> bool:
    """Whether a node's input is a parameter."""
    return name == "parameters" or name.startswith("params:")


def is_declared(name: str, entries: Collection[str]) -> bool:
    """Whether an entry of the catalog, or a factory, is for the dataset."""
    return name in entries or _factories(tuple(entries)).match_dataset_pattern(name) is not None


@functools.cache
def _factories(entries: tuple[str, ...]) -> CatalogConfigResolver:
    """What finds the factory of a dataset among the entries."""
    return CatalogConfigResolver(config={entry: {"type": "MemoryDataset"} for entry in entries})


def all_nodes(registered: Mapping[str, Pipeline]) -> list[Node]:
    """Every registered node once, by name."""
    return sorted({step for pipeline in registered.values() for step in pipeline.nodes}, key=lambda n: n.name)


def datasets_of(registered: Mapping[str, Pipeline]) -> set[str]:
    """Every dataset that a registered node reads or writes."""
    names = {name for step in all_nodes(registered) for name in [*step.inputs, *step.outputs]}
    return {name for name in names if not is_parameter(name)}


def unused_entries(entries: Entries, registered: Mapping[str, Pipeline]) -> list[str]:
    """Entries that no registered node reads or writes."""
    used = datasets_of(registered)
    return [
        entry
        for entry in entries
        if entry not in used and not any(is_declared(name, [entry]) for name in used)
    ]


def undeclared_datasets(entries: Entries, registered: Mapping[str, Pipeline]) -> list[str]:
    """Datasets that cross the edge of a registered pipeline and are in no entry, so would be lost after a run."""
    crossing = {name for pipeline in registered.values() for name in pipeline.inputs() | pipeline.outputs()}
    return sorted(name for name in crossing if not is_parameter(name) and not is_declared(name, entries))


def misplaced_layers(entries: Entries, _: Mapping[str, Pipeline]) -> list[str]:
    """Entries whose layer in Kedro-Viz is missing, or is not that of the folder they lie in."""
    faults = []
    for name, entry in entries.items():
        layer = entry.get("metadata", {}).get("kedro-viz", {}).get("layer")
        folders = [part for part in Path(str(entry.get("filepath", ""))).parts if part in LAYERS]
        allowed = [LAYERS[folder] for folder in folders] or list(LAYERS.values())
        if layer not in [*allowed, GATE_LAYER, EARLIER.get(name, GATE_LAYER)]:
            faults.append(f"{name}: layer {layer}, allowed {allowed}")
    return faults


def unlayered_datasets(entries: Entries, registered: Mapping[str, Pipeline]) -> list[str]:
    """Datasets that no entry gives a layer, those among them that are passed on in memory."""
    return sorted(name for name in datasets_of(registered) if not layer_of(name, entries))


def circular_layers(entries: Entries, registered: Mapping[str, Pipeline]) -> list[str]:
    """Pipelines whose layers run in a circle: Kedro-Viz then shows none of them."""
    return [name for name, pipeline in registered.items() if is_circular(layer_graph(entries, pipeline))]


def layer_graph(entries: Entries, pipeline: Pipeline) -> dict[str, set[str]]:
    """Layer -> the other layers that the datasets of it are made from, over any number of steps."""
    made_from: dict[str, set[str]] = {}
    for step in pipeline.nodes:  # in the order in which they run
        before = set[str]().union(*({*made_from.get(n, ()), layer_of(n, entries)} for n in step.inputs))
        for name in step.outputs:
            made_from[name] = before - {""}
    graph: dict[str, set[str]] = {}
    for name, layers in made_from.items():
        layer = layer_of(name, entries)
        graph.setdefault(layer, set()).update(layers - {layer})
    return graph


def is_circular(graph: Mapping[str, set[str]]) -> bool:
    """Whether a graph has a circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return True
    return False


def layer_of(name: str, entries: Entries) -> str:
    """The layer that the catalog gives a dataset; empty for none."""
    entry = entries.get(name)
    if entry is None:
        entry = entries.get(_factories(tuple(entries)).match_dataset_pattern(name) or "", {})
    return str(entry.get("metadata", {}).get("kedro-viz", {}).get("layer", ""))


def entries_without_preview(entries: Entries, _: Mapping[str, Pipeline]) -> list[str]:
    """Entries of a type that has nothing to show in Kedro-Viz, though it is kept."""
    types = {name: parse_dataset_definition({"type": entry["type"]})[0] for name, entry in entries.items()}
    return [
        name
        for name, dataset in types.items()
        if dataset.__name__ not in UNSEEN and not hasattr(dataset, "preview")
    ]


def dotted_names(entries: Entries, registered: Mapping[str, Pipeline]) -> list[str]:
    """Names of datasets with a dot, which Kedro takes for a namespace."""
    return sorted(name for name in {*entries, *datasets_of(registered)} if "." in name)


def misnamed_nodes(_: Entries, registered: Mapping[str, Pipeline]) -> list[str]:
    """Nodes that are not named as their function, behind the namespace of their pipeline; of a method, by its object."""
    return [
        step.name
        for step in all_nodes(registered)
        if step.name.rpartition(".")[2] != step.func.__name__ and not hasattr(step.func, "__self__")
    ]


def undescribed_nodes(_: Entries, registered: Mapping[str, Pipeline]) -> list[str]:
    """Nodes whose function has no docstring: Kedro-Viz has nothing to show of them."""
    return [step.name for step in all_nodes(registered) if not inspect.getdoc(step.func)]


def nodes_with_all_parameters(_: Entries, registered: Mapping[str, Pipeline]) -> list[str]:
    """Nodes that take the whole of the parameters and so hide which of them they read."""
    return [step.name for step in all_nodes(registered) if "parameters" in step.inputs]


CHECKS: list[Check] = [
    unused_entries,
    undeclared_datasets,
    misplaced_layers,
    unlayered_datasets,
    circular_layers,
    entries_without_preview,
    dotted_names,
    misnamed_nodes,
    undescribed_nodes,
    nodes_with_all_parameters,
]


@pytest.fixture
def entries(base_config: AbstractConfigLoader) -> Entries:
    """The entries of the catalog; what begins with `_` is a template of others."""
    return {name: entry for name, entry in base_config["catalog"].items() if not name.startswith("_")}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_at_fault(check: Check, entries: Entries, registered: dict[str, Pipeline]) -> None:
    """The catalog and the pipelines of the project pass each check."""
    assert check(entries, registered) == []


def _entry(folder: str, layer: str | None) -> dict[str, Any]:
    return {"filepath": f"data/{folder}/x.parquet", "metadata": {"kedro-viz": {"layer": layer}}}


@pytest.mark.parametrize(
    ("check", "entries", "fault"),
    [
        (unused_entries, {"spare": {}, "{kind}_scores": {}}, ["spare", "{kind}_scores"]),
        (undeclared_datasets, {"table": {}}, ["a.copy"]),
        (misplaced_layers, {"table": {}}, [f"table: layer None, allowed {[*LAYERS.values()]}"]),
        (
            misplaced_layers,
            {"table": _entry("03_primary", "raw")},
            ["table: layer raw, allowed ['primary']"],
        ),
        (unlayered_datasets, {"table": {}}, ["a.copy", "table"]),
        (entries_without_preview, {"table": {"type": "pickle.PickleDataset"}}, ["table"]),
        (dotted_names, {"b.entry": {}}, ["a.copy", "b.entry"]),
        (misnamed_nodes, {}, ["copy_table"]),
        (undescribed_nodes, {}, ["copy_table"]),
        (nodes_with_all_parameters, {}, ["copy_table"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.filterwarnings("ignore:One or more dataset names contain")
def test_each_check_finds_its_fault(check: Check, entries: Entries, fault: list[str]) -> None:
    """Each check names what is wrong with a pipeline that breaks every rule."""

    def copy(table: object, _: object) -> object:
        return table

    registered = {"bad": Pipeline([node(copy, ["table", "parameters"], "a.copy", name="copy_table")])}
    assert check(entries, registered) == fault


def test_layers_in_a_circle_are_found() -> None:
    """A report that a later table waits for is named by its pipeline, also when a dataset without layer is between."""
    made = [("raw", "report"), ("report", "between"), ("between", "later"), ("later", "report_of_later")]
    steps = [node(lambda table: table, source, target, name=f"make_{target}") for source, target in made]
    layers = {
        "raw": "raw",
        "report": "reporting",
        "later": "intermediate",
        "report_of_later": "reporting",
    }
    entries = {name: {"metadata": {"kedro-viz": {"layer": layer}}} for name, layer in layers.items()}
    pipelines = {"whole": Pipeline(steps), "start": Pipeline(steps[:2])}
    assert circular_layers(entries, pipelines) == ["whole"]


def test_a_factory_declares_what_it_matches() -> None:
    """A dataset factory counts for the datasets of its pattern and for no others."""
    assert is_declared("edited_video_scores", ["{stage}_scores"])
    assert not is_declared("verdicts", ["{stage}_scores"])


@pytest.mark.parametrize(
    "name",
    [module.name for module in pkgutil.iter_modules(sparkle_curation.pipelines.__path__) if module.ispkg],
)
def test_a_pipeline_is_registered_and_described(name: str, registered: dict[str, Pipeline]) -> None:
    """Every folder of `pipelines/` is registered under its name, and says what its pipeline is."""
    create_pipeline = importlib.import_module(f"sparkle_curation.pipelines.{name}.pipeline").create_pipeline
    assert inspect.getdoc(create_pipeline)
    assert name in registered


def test_default_is_curate(registered: dict[str, Pipeline]) -> None:
    """`kedro run` alone runs `curate`."""
    assert registered["__default__"] == registered["curate"]
