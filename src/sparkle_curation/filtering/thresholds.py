"""Thresholds: the value from which a criterion keeps, one for all primary criteria or one for each by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA, MAX_SCORE, MIN_SCORE, Criterion

ALLOWED = f"a number from {MIN_SCORE:g} to {MAX_SCORE:g}"
Threshold = Annotated[
    float, Field(strict=True, ge=MIN_SCORE, le=MAX_SCORE, allow_inf_nan=False, description=ALLOWED)
]
"""Lowest score that is kept, on the scale of the scores. Strict: no boolean, no text that reads as a number."""


def _field(criterion: Criterion) -> Any:
    low, high = criterion.scale
    allowed = (
        f"a number from {low:g} to {high:g}, or null for the published {exact(criterion.published_threshold)}"
    )
    return Annotated[
        float | None, Field(strict=True, ge=low, le=high, allow_inf_nan=False, description=allowed)
    ], None


if TYPE_CHECKING:

    class Thresholds(BaseModel):
        """Thresholds by the name of a criterion; one that is not set has its published one."""
else:
    Thresholds = create_model(
        "Thresholds",
        __config__=ConfigDict(frozen=True, extra="forbid"),
        __doc__="Thresholds by the name of a criterion; one that is not set has its published one.",
        **{criterion.name: _field(criterion) for criterion in CRITERIA},
    )

_ONE: TypeAdapter[float | None] = TypeAdapter(Threshold | None)


def resolve_thresholds(threshold: float | None, thresholds: Thresholds) -> dict[str, float]:
    """The threshold of each criterion by its name: the ``threshold`` of the primary ones, else the named or published one.

    Raises:
        pydantic.ValidationError: ``threshold`` is no number on the scale of the scores.

    >>> sorted(resolve_thresholds(9.0, Thresholds()).values())[-1]
    9.0
    """
    _ONE.validate_python(threshold)
    named = {name: value for name, value in thresholds.model_dump().items() if value is not None}
    resolved = {each.name: named.get(each.name, each.published_threshold) for each in CRITERIA}
    if threshold is not None:
        resolved |= {each.name: threshold for each in CRITERIA if each.is_primary}
    return {name: float(value) for name, value in resolved.items()}
