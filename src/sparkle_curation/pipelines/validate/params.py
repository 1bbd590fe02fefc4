"""The parameters of validation, as ``conf/base/validate/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.expectations.rules.rule import Severity
from sparkle_curation.spec.stages import MAX_SCORE, MIN_SCORE

_LEVEL = Annotated[Severity, Field(description="critical or warning")]
_SHARE = Annotated[
    float | None,
    Field(strict=True, ge=0, le=1, allow_inf_nan=False, description="a share of 0 to 1, or null"),
]
_SCORE = Annotated[
    float | None,
    Field(
        strict=True,
        ge=MIN_SCORE,
        le=MAX_SCORE,
        allow_inf_nan=False,
        description=f"a number from {MIN_SCORE:g} to {MAX_SCORE:g}, or null",
    ),
]


class SeverityParams(BaseModel):
    """What breaking a rule does, by kind: ``critical`` stops the run, ``warning`` is reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The names are those of ``expectations.rules.Kind``; a test compares them.
    columns: _LEVEL
    missing_value: _LEVEL
    range: _LEVEL
    sample_id: _LEVEL
    uniqueness: _LEVEL
    derived_value: _LEVEL
    known_sample: _LEVEL
    released_sample: _LEVEL
    prompt: _LEVEL
    keyword: _LEVEL
    frames: _LEVEL
    boxes: _LEVEL
    labels: _LEVEL
    paths: _LEVEL
    files_agree: _LEVEL
    themes: _LEVEL
    score_distribution: _LEVEL
    empty_boxes: _LEVEL
    quarantined: _LEVEL
    quarantined_share: _LEVEL


class BoundParams(BaseModel):
    """Bounds of a theme's figures; null switches a rule off. See ``expectations.bounds.Bounds``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_empty_box_share: _SHARE
    max_quarantined_share: _SHARE
    min_mean_score: _SCORE
    max_mean_score: _SCORE
    min_score_std: _SCORE


class ValidationParams(BaseModel):
    """Severities and bounds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: SeverityParams
    bounds: BoundParams


class ValidateParams(BaseModel):
    """The parameters of validation.

    Attributes:
        validation: severities and bounds, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    validation: ValidationParams
