"""The scored stages of the dataset, in the order in which a sample passes them, and the criteria that their scores meet.

A stage is what is scored: a file, a table, a pair of assets. A criterion is what is decided by: a value of the stage's
scores and its threshold. A stage has one primary criterion, which has its name, and any number of others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sparkle_curation.spec.description import scores
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.description.values import colour_of

MIN_SCORE, MAX_SCORE = (float(bound) for bound in dataset().scores.scale)
"""Bounds of every score and sub-score of the release."""


@dataclass(frozen=True)
class Criterion:
    """One bound on the scores of a stage.

    Attributes:
        name: in parameters, columns and reports: the stage's name, of one that is not primary with its own behind it.
        stage: name of the stage.
        table: the ingested table that holds the stage's scores.
        score_column: the column of that table that is compared with the threshold.
        file_name: the JSONL file that the table is ingested from, one a theme; empty for one that holds values of records.
        published_threshold: the threshold of the release; None where it has none.
        is_at_least: whether values from the threshold up are kept, or those down from it; the threshold itself always is.
        scale: smallest and largest value.
        is_primary: whether a single ``threshold`` sets it.
        colour: in figures.
        field: member of ``editscore`` that the value is made of.
        reducer: how values of several frames become one; None for a still.
        quantile: which, where the reducer is one.
    """

    name: str
    stage: str
    table: str
    score_column: str
    file_name: str
    published_threshold: float | None
    is_at_least: bool
    scale: tuple[float, float]
    is_primary: bool
    colour: str
    field: str
    reducer: Literal["mean", "min", "quantile"] | None
    quantile: float | None

    def is_met(self, value: Any, threshold: Any) -> Any:
        """Whether a value, or each of a column of them, is kept at a threshold; the threshold itself is.

        >>> PRIMARY_CRITERIA[0].is_met(8.0, 8.0)
        True
        """
        return value >= threshold if self.is_at_least else value <= threshold

    def reduce(self, values: Sequence[float]) -> float:
        """The value of several frames; a mean is summed exactly, since otherwise the order would decide at the threshold.

        >>> PRIMARY_CRITERIA[-1].reduce([7.0, 8.0, 9.0])
        8.0
        """
        if self.reducer == "min":
            return min(values)
        if self.reducer == "quantile":
            return float(np.quantile(np.asarray(values), self.quantile or 0.0))
        return math.fsum(values) / len(values)


@dataclass(frozen=True)
class Stage:
    """A scored step.

    Attributes:
        name: the stage's name in parameters, tables and reports.
        title: what is scored, for people.
        table: the ingested table that holds its scores.
        file_name: the JSONL file the table is ingested from, one a theme.
        is_of_frames: whether a record has a list of scores of sampled frames, or those of one still.
        is_of_values: whether it has numbers alone, with no answer of a judge.
        source_kind: asset kind before the edit.
        edited_kind: asset kind after it.
        criteria: what its scores must meet, the primary one first.
    """

    name: str
    title: str
    table: str
    file_name: str
    is_of_frames: bool
    is_of_values: bool
    source_kind: str
    edited_kind: str
    criteria: tuple[Criterion, ...]

    @property
    def score_column(self) -> str:
        """The column of its table that the primary criterion is about."""
        return self.criteria[0].score_column

    @property
    def published_threshold(self) -> float | None:
        """The threshold of the primary criterion in the release; None where it has none."""
        return self.criteria[0].published_threshold


def _criterion(place: int, stage: scores.Stage, criterion: scores.Criterion) -> Criterion:
    low, high = criterion.scale or dataset().scores.scale
    return Criterion(
        name=stage.name_of(criterion),
        stage=stage.name,
        table=f"{stage.name}_scores",
        score_column=criterion.score_column,
        file_name=stage.file or "",
        published_threshold=criterion.threshold,
        is_at_least=criterion.direction == "at_least",
        scale=(float(low), float(high)),
        is_primary=criterion is stage.primary,
        colour=colour_of(place, stage.colour if criterion is stage.primary else None),
        field=criterion.field,
        reducer=criterion.reducer,
        quantile=criterion.quantile,
    )


def _stage(place: int, stage: scores.Stage) -> Stage:
    ordered = sorted(stage.criteria, key=lambda each: each is not stage.primary)
    return Stage(
        name=stage.name,
        title=stage.title or stage.name.replace("_", " "),
        table=f"{stage.name}_scores",
        file_name=stage.file or "",
        is_of_frames=stage.shape == "frames",
        is_of_values=stage.shape == "value",
        source_kind=stage.judged[0],
        edited_kind=stage.judged[1],
        criteria=tuple(_criterion(place, stage, each) for each in ordered),
    )


STAGES: tuple[Stage, ...] = tuple(_stage(place, each) for place, each in enumerate(dataset().scores.stages))
STAGE_NAMES: tuple[str, ...] = tuple(stage.name for stage in STAGES)
STAGE_BY_NAME: dict[str, Stage] = {stage.name: stage for stage in STAGES}

CRITERIA: tuple[Criterion, ...] = tuple(each for stage in STAGES for each in stage.criteria)
"""What a sample must meet, in the order of the stages."""

CRITERION_NAMES: tuple[str, ...] = tuple(criterion.name for criterion in CRITERIA)

ASKS_RELEASE = bool(CRITERIA) and not any(stage.is_of_values for stage in STAGES)
"""Whether what the dataset lists is what reached its thresholds: the records of one with a shape are all that there are."""

PRIMARY_CRITERIA: tuple[Criterion, ...] = tuple(each for each in CRITERIA if each.is_primary)
"""One a stage: what a single ``threshold`` sets, and what sweep and surface go over."""
