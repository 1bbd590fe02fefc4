"""Named variants: for each the parameters of the run, some of them replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from sparkle_curation.variant.curation.params import FilterParams

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ALLOWED = "for each name, of letters, digits, _ and -, some of filter's parameters, such as {strict: {threshold: 9}}"


def _named(value: object) -> object:
    """The value as it came, when it is names with parameters; two names that differ in case alone are one folder."""
    if not isinstance(value, dict):
        raise ValueError(_ALLOWED)  # noqa: TRY004 -- pydantic takes this one
    is_fine = all(
        isinstance(name, str) and _NAME.fullmatch(name) and isinstance(parameters, dict)
        for name, parameters in value.items()
    )
    if not is_fine or len({name.lower() for name in value}) < len(value):
        raise ValueError(_ALLOWED)
    return value


class VariantsParams(BaseModel):
    """The parameters of ``variants``.

    Attributes:
        variants: for each name the parameters in which the variant differs from the run.
    """

    variants: Annotated[dict[str, dict[str, Any]], BeforeValidator(_named), Field(description=_ALLOWED)] = (
        Field(default_factory=dict)
    )


def parameters_of(run: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a variant, not yet checked: those of filtering that the run has, with the changes in them.

    A group takes the changes into itself, as ``--params`` does. The one ``threshold`` of the run is not that of a variant
    which names thresholds of its own: it would replace them.

    >>> parameters_of({"threshold": 8, "split": {"seed": 0, "val_share": 0.1}}, {"split": {"seed": 1}})
    {'threshold': 8, 'split': {'seed': 1, 'val_share': 0.1}}
    >>> parameters_of({"threshold": 8, "thresholds": {}}, {"thresholds": {"edited_video": 9}})
    {'threshold': None, 'thresholds': {'edited_video': 9}}
    """
    taken = {name: value for name, value in run.items() if name in FilterParams.model_fields}
    if "thresholds" in changes and "threshold" not in changes:
        taken["threshold"] = None
    return _merged(taken, changes)


def _merged(run: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(run)
    for name, value in changes.items():
        before = merged.get(name)
        is_group = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(before, value) if is_group else value  # type: ignore[arg-type]
    return merged
