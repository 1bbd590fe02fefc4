"""The pictures that lie in a variant's folder and that its card shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import polars as pl

SAMPLES, SCORES = "pictures/samples.png", "pictures/scores.svg"
"""Paths in the variant's folder: of some pairs, and of the scores with the thresholds."""


@dataclass(frozen=True)
class Pictures:
    """Pictures of a variant.

    Attributes:
        files: their bytes by path in the variant's folder: ``SAMPLES``, ``SCORES``, or neither.
        about_samples: what ``SAMPLES`` shows, or why there is none, as a sentence.
        about_scores: what ``SCORES`` shows, as a sentence for who cannot see it; there is none where nothing has a score.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    about_samples: str = "No picture of samples was made."
    about_scores: str = ""


DrawPictures: TypeAlias = Callable[[pl.DataFrame, pl.DataFrame, Mapping[str, float]], Pictures]
"""From the exported samples, all verdicts and the thresholds to pictures; drawing lies in a layer above this one."""
