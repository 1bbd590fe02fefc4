"""Every parameter is read by a node, and none is computed from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kedro.config import AbstractConfigLoader
from kedro.pipeline import Pipeline


def leaves(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of the parameters that hold a value."""
    for name, value in parameters.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def unread_parameters(parameters: Mapping[str, Any], inputs: Iterable[str]) -> list[str]:
    """Parameters that no node reads, neither alone nor as part of a group."""
    read = [name.removeprefix("params:") for name in inputs if name.startswith("params:")]
    return [leaf for leaf in leaves(parameters) if not any(f"{leaf}.".startswith(f"{r}.") for r in read)]


def missing_parameters(parameters: Mapping[str, Any], inputs: Iterable[str]) -> list[str]:
    """Parameters that a node reads and no file declares."""
    names = [name.removeprefix("params:") for name in inputs if name.startswith("params:")]
    known = list(leaves(parameters))
    return [name for name in names if not any(f"{leaf}.".startswith(f"{name}.") for leaf in known)]


def files_with_runtime_params(folder: Path) -> list[str]:
    """Parameter files that take a value from the command line, on which `dvc exp run -S` fails."""
    files = sorted(folder.rglob("parameters*.y*ml")) + sorted(folder.rglob("parameters*/**/*.y*ml"))
    return [file.name for file in files if "${runtime_params" in file.read_text(encoding="utf-8")]


def inputs_of(registered: Mapping[str, Pipeline]) -> set[str]:
    """The inputs of every registered node."""
    return {name for pipeline in registered.values() for step in pipeline.nodes for name in step.inputs}


def test_every_parameter_is_read(base_config: AbstractConfigLoader, registered: dict[str, Pipeline]) -> None:
    """No parameter in conf/base is without effect."""
    assert unread_parameters(base_config["parameters"], inputs_of(registered)) == []


def test_every_parameter_is_declared(
    base_config: AbstractConfigLoader, registered: dict[str, Pipeline]
) -> None:
    """Every parameter that a node reads has its default in conf/base."""
    assert missing_parameters(base_config["parameters"], inputs_of(registered)) == []


def test_no_parameter_file_reads_the_command_line(checkout: Path) -> None:
    """`dvc exp run -S` works on every parameter file."""
    assert files_with_runtime_params(checkout / "conf") == []


def test_unread_parameters_are_found() -> None:
    """A parameter is read by its own name or by a group that holds it; a longer name is not the same."""
    parameters = {"threshold": None, "thresholds": {"edited_video": 8.0}, "spare": {"a": 1, "b": {}}}
    inputs = ["table", "params:thresholds", "params:spare.a"]
    assert unread_parameters(parameters, inputs) == ["threshold", "spare.b"]


def test_missing_parameters_are_found() -> None:
    """A parameter that no file declares is named, a group by its own name."""
    assert missing_parameters({"a": {"b": 1}}, ["params:a", "params:a.b", "params:a.c", "table"]) == ["a.c"]


def test_runtime_params_are_found(tmp_path: Path) -> None:
    """A parameter file with a runtime parameter is named; a catalog may have them."""
    (tmp_path / "base").mkdir()
    for name in ["parameters.yml", "parameters_judge.yml", "catalog.yml"]:
        (tmp_path / "base" / name).write_text("threshold: ${runtime_params:threshold}\n", encoding="utf-8")
    assert files_with_runtime_params(tmp_path) == ["parameters.yml", "parameters_judge.yml"]
