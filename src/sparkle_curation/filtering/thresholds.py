"""Thresholds: the value from which a criterion keeps, one for all primary criteria or one for each by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ParameterError
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA, MAX_SCORE, MIN_SCORE, STAGES, Criterion

ALLOWED = f"a number from {MIN_SCORE:g} to {MAX_SCORE:g}"
Threshold = Annotated[
    float, Field(strict=True, ge=MIN_SCORE, le=MAX_SCORE, allow_inf_nan=False, description=ALLOWED)
]
"""Lowest score that is kept, on the scale of the scores. Strict: no boolean, no text that reads as a number."""


def _field(criterion: Criterion) -> Any:
    low, high = criterion.scale
    published = criterion.published_threshold
    otherwise = "" if published is None else f", or null for the published {exact(published)}"
    allowed = f"a number from {low:g} to {high:g}{otherwise}"
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


def resolve_thresholds(
    threshold: float | None, thresholds: Thresholds, *scores: AnyFrame
) -> dict[str, float]:
    """The threshold of each criterion by its name: the ``threshold`` of the primary ones, else the named or published one.

    Args:
        threshold: of all primary criteria; None for each its own.
        thresholds: by the name of a criterion.
        *scores: the tables of scores by stage, for who must choose a threshold where none is published; or none of them.

    Raises:
        pydantic.ValidationError: ``threshold`` is no number on the scale of the scores.
        ParameterError: a criterion has neither a threshold of the run nor a published one.

    >>> sorted(resolve_thresholds(9.0, Thresholds()).values())[-1]
    9.0
    """
    _ONE.validate_python(threshold)
    named = {name: value for name, value in thresholds.model_dump().items() if value is not None}
    resolved = {each.name: named.get(each.name, each.published_threshold) for each in CRITERIA}
    if threshold is not None:
        resolved |= {each.name: threshold for each in CRITERIA if each.is_primary}
    lacking = [each for each in CRITERIA if resolved[each.name] is None]
    if lacking:
        raise _not_published(lacking, dict(zip((stage.name for stage in STAGES), scores, strict=False)))
    return {name: float(value) for name, value in resolved.items() if value is not None}


_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def _not_published(lacking: list[Criterion], scores: Mapping[str, AnyFrame]) -> ParameterError:
    """What to say where thresholds are neither published nor given: how the scores are spread, and what to type."""
    told, typed = [], []
    for each in lacking:
        low, high = each.scale
        column = scores[each.stage].lazy().select(each.score_column).collect().to_series() if scores else None
        values = [column.quantile(share, "nearest") for share in _QUANTILES] if column is not None else []
        if column is None or column.is_empty():
            told.append(f"{each.name}: none, on a scale from {low:g} to {high:g}")
        else:
            spread = ", ".join(
                f"{share:.0%} {value:g}"
                for share, value in zip(_QUANTILES, values, strict=True)
                if value is not None
            )
            told.append(f"{each.name}: none; its {len(column):,} scores have the quantiles {spread}")
        middle = next(
            (value for value in values[2:3] if value is not None), low if each.is_at_least else high
        )
        typed.append(f"thresholds.{each.name}={middle:g}")
    keeps = "; the command keeps about half by each" if scores else ""
    return ParameterError(
        "The dataset publishes no threshold, so a run must say what it keeps",
        where=", ".join(f"thresholds.{each.name}" for each in lacking),
        got=f"\n{' ' * 11}".join(told),
        allowed=f"a number on the scale of the score for each{keeps}",
        todo=f"kedro run --pipelines filter --params {','.join(typed)}",
    )
