"""Cut-offs: the value from which a criterion keeps, one for all primary criteria or one for each by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter

from sparkle_curation.errors import did_you_mean
from sparkle_curation.release.stages import CRITERIA, MAX_SCORE, MIN_SCORE

ALLOWED = f"a number from {MIN_SCORE:g} to {MAX_SCORE:g}"
CutOff = Annotated[
    float, Field(strict=True, ge=MIN_SCORE, le=MAX_SCORE, allow_inf_nan=False, description=ALLOWED)
]
"""Lowest score that is kept, on the scale of the scores. Strict: no boolean, no text that reads as a number."""

_BY_NAME = {criterion.name: criterion for criterion in CRITERIA}


def _check_name(name: str) -> str:
    if name not in _BY_NAME:
        raise ValueError(did_you_mean(name, _BY_NAME) or f"one of {', '.join(_BY_NAME)}")
    return name


def _check_values(cut_offs: Any) -> Any:
    """Each value lies on the scale of its criterion; None stands for the published one."""
    for name, value in cut_offs.items() if isinstance(cut_offs, Mapping) else ():
        low, high = _BY_NAME[name].scale if name in _BY_NAME else (-math.inf, math.inf)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and low <= value <= high):
            raise ValueError(f"{name}: a number from {low:g} to {high:g}, or null for the published one")
    return cut_offs


Thresholds = Annotated[
    dict[Annotated[str, AfterValidator(_check_name)], float | None],
    BeforeValidator(_check_values),
    Field(description=f"cut-offs by the name of a criterion: {', '.join(_BY_NAME)}"),
]
"""Cut-offs by the name of a criterion; one that is not named has its published one."""


_ONE: TypeAdapter[float | None] = TypeAdapter(CutOff | None)


def resolve_cut_offs(threshold: float | None, thresholds: Mapping[str, float | None]) -> dict[str, float]:
    """The cut-off of each criterion by its name: the ``threshold`` of the primary ones, else the named or published one.

    Raises:
        pydantic.ValidationError: ``threshold`` is no number on the scale of the scores.

    >>> sorted(resolve_cut_offs(9.0, {}).values())[-1]
    9.0
    """
    _ONE.validate_python(threshold)
    named = {name: value for name, value in thresholds.items() if value is not None}
    cut_offs = {each.name: named.get(each.name, each.published_cut_off) for each in CRITERIA}
    if threshold is not None:
        cut_offs |= {each.name: threshold for each in CRITERIA if each.is_primary}
    return {name: float(value) for name, value in cut_offs.items()}
