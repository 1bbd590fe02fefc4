"""What a run would work with: configuration, roots and catalog, each read when a check asks for it.

Not through Kedro's session: its hooks stop at the first thing that is wrong, and here all of them are wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from kedro.config import AbstractConfigLoader
from kedro.framework.context.context import _convert_paths_to_absolute_posix
from kedro.framework.project import pipelines, settings
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from sparkle_curation.config_loader import ConfigLoader
from sparkle_curation.engine.caching.code_digest import own_index
from sparkle_curation.spec.description.active import find_description


@dataclass(frozen=True)
class Setup:
    """A project as one environment and some parameters of the command line would run it.

    Attributes:
        project: the folder of the project, which is the working directory.
        env: the environment; None for the default one.
        params: what ``--params`` holds.
    """

    project: Path
    env: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def conf(self) -> Path:
        """The folder of the configuration."""
        return self.project / str(settings.CONF_SOURCE)

    @property
    def environment(self) -> str:
        """The name of the environment."""
        return self.env or str(settings.CONFIG_LOADER_ARGS["default_run_env"])

    @property
    def description(self) -> Path:
        """The file that says what the dataset is."""
        return find_description(self.conf, self.environment)

    @cached_property
    def config(self) -> AbstractConfigLoader:
        """The configuration, as a run reads it."""
        return ConfigLoader(
            str(self.conf),
            env=self.env,
            runtime_params=deepcopy(dict(self.params)),
            **settings.CONFIG_LOADER_ARGS,
        )

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The parameters of a run, not checked."""
        return dict(self.config["parameters"])

    @cached_property
    def roots(self) -> dict[str, Any]:
        """``release_root``, ``data_root`` and ``bench_root`` as a run has them, not checked."""
        given = {name: self.parameters.get(name) for name in ("release_root", "data_root", "bench_root")}
        return {**self.config["globals"], **{name: root for name, root in given.items() if root is not None}}

    @property
    def data_root(self) -> Path:
        """Where outputs go."""
        return self.project / str(self.roots["data_root"])

    @cached_property
    def catalog(self) -> DataCatalog:
        """The datasets; none is loaded."""
        # Paths become absolute as in a run: the root of the release is part of what a table is made of.
        entries = _convert_paths_to_absolute_posix(self.project, dict(self.config["catalog"]))
        return DataCatalog.from_config(entries, dict(self.config["credentials"]))

    @property
    def pipelines(self) -> dict[str, Pipeline]:
        """The pipelines by name, one for each folder, without those that are put together: in the order of running them."""
        package = f"{own_index().package}.pipelines"
        known = {
            name: pipeline
            for name, pipeline in pipelines.items()
            if own_index().path(f"{package}.{name}") is not None
        }
        by_default = [(node.namespace or "").partition(".")[0] for node in pipelines["__default__"].nodes]
        # By the last node of each: filtering waits for validation, and some of its nodes wait for nothing.
        preferred = [*dict.fromkeys(reversed(by_default))][::-1]
        return {name: known[name] for name in running_order(known, [*preferred, *sorted(known)])}

    def is_optional(self, dataset: str) -> bool:
        """Whether a run goes on without a dataset."""
        return bool(self.catalog.config_resolver.resolve_pattern(dataset).get("is_optional"))

    def path_of(self, dataset: str) -> Path | None:
        """The file or folder of an output in the data root; None for a dataset that has none of its own there."""
        found = self.catalog.get(dataset)
        path = found._describe().get("filepath") if found is not None else None
        full = self.project / str(path) if path else None
        return full if full and full.is_relative_to(self.data_root) else None

    def shown(self, path: Path) -> str:
        """A path in the data root, from there."""
        return (
            path.relative_to(self.data_root).as_posix() if path.is_relative_to(self.data_root) else str(path)
        )


def running_order(known: Mapping[str, Pipeline], preferred: Iterable[str]) -> list[str]:
    """The names of pipelines, each behind those that make what it reads; ``preferred`` holds where nothing else does."""
    makers = {output: name for name, pipeline in known.items() for output in pipeline.all_outputs()}
    order: dict[str, None] = {}

    def visit(name: str, waiting: tuple[str, ...]) -> None:
        if name in order or name in waiting:
            return
        for read in sorted(known[name].inputs() & makers.keys()):
            visit(makers[read], (*waiting, name))
        order[name] = None

    for name in preferred:
        if name in known:
            visit(name, ())
    return list(order)
