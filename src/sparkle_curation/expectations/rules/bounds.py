"""The bounds that a release as a whole is checked against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Bounds of a theme's figures; None switches a rule off.

    Attributes:
        max_empty_box_share: largest share of boxes that the model did not find, 0-1.
        max_quarantined_share: largest share of a theme's records that are in the quarantine, 0-1.
        min_mean_score: smallest mean of a stage's scores, 0-10.
        max_mean_score: largest mean of a stage's scores, 0-10.
        min_score_std: smallest standard deviation of a stage's scores: a judge that always says the same is broken.
    """

    max_empty_box_share: float | None
    max_quarantined_share: float | None
    min_mean_score: float | None
    max_mean_score: float | None
    min_score_std: float | None
