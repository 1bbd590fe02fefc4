"""The docstring of each dataset shows an entry of the catalog that could be copied."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import textwrap
from typing import Any, NoReturn

import pytest
import yaml
from kedro.config import AbstractConfigLoader
from kedro.io import AbstractDataset, DataCatalog
from kedro.io.core import DatasetError
from tests.conftest import CHECKOUT

import sparkle_curation.datasets

MARK = ".. code-block:: yaml"


def own_datasets() -> list[type[AbstractDataset[Any, Any]]]:
    """Every class of dataset that a module below ``datasets/`` defines, by name."""
    package = sparkle_curation.datasets
    names = [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    members = [member for name in names for member in vars(importlib.import_module(name)).values()]
    classes = {each for each in members if inspect.isclass(each) and issubclass(each, AbstractDataset)}
    return sorted((each for each in classes if each.__module__ in names), key=lambda each: each.__name__)


def example_of(dataset: type) -> dict[str, Any]:
    """The entries in the YAML example of a class's docstring; none where there is no example."""
    _, mark, behind = (inspect.getdoc(dataset) or "").partition(f"Example:\n    {MARK}\n")
    lines = behind.splitlines() if mark else []
    end = next((place for place, line in enumerate(lines) if line and not line.startswith("        ")), None)
    return yaml.safe_load(textwrap.dedent("\n".join(lines[:end]))) or {}


def faults_of(dataset: type, config: AbstractConfigLoader) -> list[str]:
    """What is wrong with a class's example: absent, of another class, refused by it, or not as in conf/base."""
    try:
        entries = example_of(dataset)
    except yaml.YAMLError as error:
        return [f"no YAML: {error}"]
    faults = [] if entries else ["no example"]
    for name, entry in entries.items():
        try:
            catalog = DataCatalog.from_config({name: entry}, credentials=dict(config["credentials"]))
            if type(catalog[name]) is not dataset:
                faults.append(f"{name}: type {entry['type']}")
        except DatasetError as error:
            faults.append(f"{name}: {error}")
            continue
        in_base = {key: value for key, value in config["catalog"].get(name, {}).items() if key != "metadata"}
        for path in {
            "filepath",
            "exclusions",
            "mask_decisions",
        } & in_base.keys():  # a file of the configuration has its whole path there
            in_base[path] = in_base[path].removeprefix(f"{CHECKOUT.as_posix()}/")
        if in_base != entry:
            faults.append(f"{name}: not as in conf/base: {in_base}")
    return faults


@pytest.mark.parametrize("dataset", own_datasets(), ids=lambda dataset: dataset.__name__)
def test_docstring_shows_an_entry_of_the_catalog(dataset: type, base_config: AbstractConfigLoader) -> None:
    """The example is the entry of conf/base, without what other tools look at; Kedro makes the dataset of it."""
    assert faults_of(dataset, base_config) == []


class _Silent(AbstractDataset[NoReturn, str]):
    """A dataset whose docstring has no example.

    Args:
        path: a file.
    """

    def __init__(self, *, path: str) -> None:
        self._path = path

    def load(self) -> str:
        return self._path

    def save(self, data: NoReturn) -> None:
        raise DatasetError("read only")

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}


def _documented(entry: str) -> type:
    block = textwrap.indent(textwrap.dedent(entry), " " * 12)
    return type(
        "_Documented", (_Silent,), {"__doc__": f"One.\n\n    Example:\n        {MARK}\n\n{block}\n    "}
    )


@pytest.mark.parametrize(
    ("dataset", "fault"),
    [
        (_Silent, "no example"),
        (_documented("release: [\n"), "no YAML"),
        (
            _documented("code_version:\n  type: sparkle_curation.datasets.GitRevisionDataset\n  path: ."),
            "code_version: type",
        ),
        (_documented("a:\n  type: sparkle_curation.datasets.NoneDataset"), "'NoneDataset' not found"),
        (
            _documented("a:\n  type: sparkle_curation.datasets.TextDataset\n  file: x"),
            "must only contain arguments valid",
        ),
    ],
)
def test_a_wrong_example_is_found(dataset: type, fault: str, base_config: AbstractConfigLoader) -> None:
    """An absent example, broken YAML, another class, an unknown class and an unknown argument are each named."""
    assert fault in faults_of(dataset, base_config)[0]


def test_an_example_unlike_the_catalog_is_found(base_config: AbstractConfigLoader) -> None:
    """An example that was right once and is no entry of conf/base any more is named."""
    dataset = _documented("a:\n  type: sparkle_curation.datasets.GitRevisionDataset\n  path: elsewhere")
    assert faults_of(dataset, base_config)[1] == "a: not as in conf/base: {}"
