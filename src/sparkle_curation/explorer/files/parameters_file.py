"""Thresholds, policies and selection saved as parameters: into the YAML file that people keep, its comments as they are."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.representer import RoundTripRepresenter

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.errors import ParameterError
from sparkle_curation.variant.curation.params import FilterParams

SAVED = ("threshold", "thresholds", "missing_scores", "imputed_scores", "selection", "signal_bounds")
"""The parameters that the page may save."""


@dataclass(frozen=True)
class ParametersFile:
    """Where parameters are saved.

    Attributes:
        path: the file; None where there is none to be changed.
        shown: as people call it.
        above: what stands over the file, such as ``conf/local``, by the name of the parameter; it stays so.
    """

    path: Path | None = None
    shown: str = ""
    above: Mapping[str, str] = field(default_factory=dict)


def save_parameters(file: ParametersFile, values: Mapping[str, Any]) -> list[str]:
    """Set these parameters in the file, and nothing else in it; what has changed, in words.

    Values of mappings are set one by one, so that what stands beside them stays. A file that is not there is made.

    Args:
        file: where they are saved.
        values: by name, as ``FilterParams`` has them.

    Raises:
        ParameterError: one is not among ``SAVED``, has no such value, or the file is no mapping in YAML.
    """
    if file.path is None:
        raise ParameterError("This explorer has no file of parameters", todo="give the values with --params")
    _check(values)
    writer = _writer()
    parameters: Any = None
    fault = "no mapping of names to values"
    try:
        before = file.path.read_text(encoding="utf-8") if file.path.exists() else ""
        parameters = writer.load(before) if before.strip() else CommentedMap()
    except (YAMLError, UnicodeDecodeError) as error:
        fault = str(error).partition("\n")[0]
    if not isinstance(parameters, dict):
        raise ParameterError(
            "The file of parameters cannot be read",
            where=file.path,
            got=fault,
            todo="mend it by hand, or take it from git: git checkout -- " + file.shown,
        )
    changes = list(_merge(parameters, values, ""))
    if changes:
        text = io.StringIO()
        writer.dump(parameters, text)
        with atomic_file(file.path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")
    return changes


def _check(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        known = FilterParams.model_fields.get(name) if name in SAVED else None
        if known is None:
            raise ParameterError("The page saves no such parameter", got=name, allowed=", ".join(SAVED))
        try:
            kind: Any = Annotated[known.annotation, *known.metadata, None]
            TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, (name, *first["loc"])))
            raise ParameterError(
                "A parameter has no such value", where=where, got=first["input"], allowed=first["msg"]
            ) from None


def _merge(node: Any, values: Mapping[str, Any], path: str) -> Any:
    """Set the values in a node of the file; each that was another as ``name: old -> new``."""
    for name, value in values.items():
        here = f"{path}{name}"
        old = node.get(name)
        if isinstance(value, Mapping) and isinstance(old, dict) and (old or value):
            yield from _merge(old, value, f"{here}.")
        elif old != value:
            node[name] = _plain(value)
            yield f"{here}: {_shown(old)} -> {_shown(value)}"


def _plain(value: Any) -> Any:
    """The value as it is to be written: mappings and lists in one line, as those of the file are."""
    if isinstance(value, Mapping):
        plain: Any = CommentedMap({name: _plain(each) for name, each in value.items()})
    elif isinstance(value, list):
        plain = CommentedSeq(value)
    else:
        return value
    plain.fa.set_flow_style()
    return plain


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)


def parameters_file(folder: Path, env: str | None, given: Mapping[str, Any]) -> ParametersFile:
    """The file in which the page saves: that of the environment, which for DVC's stages is ``base``.

    Args:
        folder: of the project.
        env: as the explorer was started with.
        given: parameters of its command line.
    """
    shown = f"conf/{env or 'base'}/curate/parameters.yml"
    above = {name: "--params" for name in SAVED if name in given}
    for path in sorted((folder / "conf" / "local").rglob("parameters*.yml")) if env is None else ():
        try:
            parameters = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}
        except (YAMLError, UnicodeDecodeError, OSError):
            continue  # Kedro says what is wrong with it
        above |= {name: str(path.relative_to(folder)) for name in SAVED if name in parameters}
    return ParametersFile(folder / shown, shown, above)


class _Representer(RoundTripRepresenter):
    """Null in letters, as the files have it."""


_Representer.add_representer(
    type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
)


def _writer() -> YAML:
    writer = YAML()
    writer.Representer = _Representer
    writer.preserve_quotes = True
    writer.width = 1 << 16
    return writer
