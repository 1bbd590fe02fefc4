"""Cut-offs: the lowest score that a stage keeps, one for all stages or one for each."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.release.stages import MAX_SCORE, MIN_SCORE, STAGE_NAMES

ALLOWED = f"a number from {MIN_SCORE:g} to {MAX_SCORE:g}"
CutOff = Annotated[
    float, Field(strict=True, ge=MIN_SCORE, le=MAX_SCORE, allow_inf_nan=False, description=ALLOWED)
]
"""Lowest score that is kept, on the scale of the scores. Strict: no boolean, no text that reads as a number."""


class Thresholds(BaseModel):
    """One cut-off per stage, by the stage's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edited_frame0: CutOff
    foreground_removed: CutOff
    edited_video: CutOff


def resolve_cut_offs(threshold: float | None, thresholds: Thresholds) -> dict[str, float]:
    """The cut-off of each stage by its name; a ``threshold`` that is set replaces all of them.

    Raises:
        pydantic.ValidationError: ``threshold`` is no number of 0 to 10.
    """
    if threshold is not None:
        thresholds = Thresholds.model_validate(dict.fromkeys(STAGE_NAMES, threshold))
    return {stage: getattr(thresholds, stage) for stage in STAGE_NAMES}
