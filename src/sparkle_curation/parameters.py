"""All parameters of a run, checked together before anything runs.

Kedro hands a node whatever stands under the name it asks for, and passes over a name that nobody asks for:
``--params treshold=8`` would curate with the default. Here every name must be known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sparkle_curation.errors import ParameterError, did_you_mean
from sparkle_curation.pipelines.judge.params import JudgeParams


class RunParameters(JudgeParams):
    """Every parameter that a run understands.

    Attributes:
        release_root: where the release is, a local folder or fsspec URL; None for the one in ``globals.yml``.
        data_root: where everything that is made goes; None for the one in ``globals.yml``.
    """

    release_root: str | None = None
    data_root: str | None = None


def check_parameters(parameters: Mapping[str, Any]) -> RunParameters:
    """The parameters, checked.

    Raises:
        ParameterError: a name is unknown, or a value outside what is allowed; the first one found.
    """
    try:
        return RunParameters.model_validate(dict(parameters))
    except ValidationError as error:
        raise _parameter_error(error.errors()[0]) from None


def _parameter_error(error: ErrorDetails) -> ParameterError:
    *parents, name = [str(part) for part in error["loc"]]
    path = ".".join([*parents, name])
    siblings = list(_model_at(parents).model_fields)
    if error["type"] == "extra_forbidden":
        return ParameterError(
            f"There is no parameter '{path}'",
            got=f"{path}={error['input']}",
            allowed=", ".join(".".join([*parents, sibling]) for sibling in siblings),
            todo=did_you_mean(name, siblings) or "take one of the allowed names",
        )
    if error["type"] == "missing":
        return ParameterError(
            f"The parameter '{path}' is not set", todo="set it in conf/base/curate/parameters.yml"
        )
    return ParameterError(
        f"The parameter '{path}' cannot have this value",
        got=repr(error["input"]),
        allowed=_allowed(_model_at(parents), name) or error["msg"],
        todo=f"set it in conf/base/curate/parameters.yml, or for one run with --params {path}=...",
    )


def _model_at(parents: list[str]) -> type[BaseModel]:
    model: type[BaseModel] = RunParameters
    for name in parents:
        annotation = model.model_fields[name].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return model


def _allowed(model: type[BaseModel], name: str) -> str | None:
    field = model.model_fields.get(name)
    return field.description if field else None
