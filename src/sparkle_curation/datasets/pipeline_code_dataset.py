"""What each pipeline is made of, for a digest of its code."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, get_type_hints

from kedro.io import CatalogConfigResolver
from kedro.io.core import AbstractDataset, DatasetError
from kedro.pipeline import Node, Pipeline
from kedro.utils import load_obj
from kedro_datasets._typing import JSONPreview

from sparkle_curation.config_loader import ConfigLoader
from sparkle_curation.datasets.previews import json_preview

_PACKAGE = __name__.partition(".")[0]
_IN_MEMORY = {"{default}": {"type": "kedro.io.MemoryDataset"}}


class PipelineCode(NamedTuple):
    """What a pipeline is made of.

    Attributes:
        modules: the modules of its nodes and of the datasets that these read and write.
        wiring: what is called with what, and where it goes.
    """

    modules: tuple[str, ...]
    wiring: str


class PipelineCodeDataset(AbstractDataset[NoReturn, dict[str, PipelineCode]]):
    """The modules of each registered pipeline, by its name; read only.

    Found in the registered pipelines and in the catalog of conf/base, so that nobody lists them.

    Args:
        path: the folder of the configuration.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            pipeline_code:
              type: sparkle_curation.datasets.PipelineCodeDataset
              path: conf
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, PipelineCode]:
        """The modules and the wiring of each pipeline."""
        from kedro.framework.project import pipelines  # noqa: PLC0415  # sets up Kedro's log as it is imported

        loader = ConfigLoader(str(self._path), base_env="base", default_run_env="base")
        entries = {name: entry for name, entry in loader["catalog"].items() if not name.startswith("_")}
        secrets: dict[str, Any] = {
            entry["credentials"]: {} for entry in entries.values() if "credentials" in entry
        }
        factories = CatalogConfigResolver(
            config=entries, credentials=secrets, default_runtime_patterns=_IN_MEMORY
        )

        @functools.cache  # most stand in several pipelines
        def entry_of(name: str) -> Mapping[str, Any]:
            return entries.get(name) or factories.resolve_pattern(name) or {}

        return {
            name: _code_of(pipeline, entry_of)
            for name, pipeline in pipelines.items()
            if not name.startswith("__")
        }

    def save(self, data: NoReturn) -> None:
        """Never: pipelines are written as code."""
        raise DatasetError("pipelines are code, which is not saved here")

    def preview(self) -> JSONPreview:
        """The modules of each pipeline."""
        return json_preview({name: list(code.modules) for name, code in self.load().items()})

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _code_of(pipeline: Pipeline, entry_of: Callable[[str], Mapping[str, Any]]) -> PipelineCode:
    names = {name for node in pipeline.nodes for name in [*node.inputs, *node.outputs]}
    modules = {module for name in names for module in _modules_of(entry_of(name))}
    modules |= {node.func.__module__ for node in pipeline.nodes}
    modules |= {module for node in pipeline.nodes for module in _modules_of_parameters(node)}
    wiring = [
        [f"{node.func.__module__}.{node.func.__qualname__}", node.inputs, node.outputs]
        for node in pipeline.nodes
    ]
    return PipelineCode(tuple(sorted(modules)), json.dumps(sorted(wiring)))


def _modules_of(entry: Mapping[str, Any]) -> Iterator[str]:
    """The modules of this package that an entry of the catalog names; a validator stops a run, and changes no file."""
    for key, value in entry.items():
        if key != "validator" and isinstance(value, str) and value.startswith(f"{_PACKAGE}."):
            found = load_obj(value)
            yield found.__module__ if isinstance(found, type) else _module_in(value)


def _modules_of_parameters(node: Node) -> Iterator[str]:
    """The modules of the parameters that a node's signature names, where it is not the node's own that imports them."""
    for hint in get_type_hints(node.func).values():
        module = getattr(hint, "__module__", "")
        if module.startswith(f"{_PACKAGE}.pipelines."):
            yield module


def _module_in(path: str) -> str:
    """The module of ``a.b.CONSTANT``."""
    module = path.rpartition(".")[0]
    return importlib.import_module(module).__name__
