"""The scores of the description: stages, which are what is scored, and criteria, which are what is decided by."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sparkle_curation.spec.description.values import (
    Colour,
    Count,
    FilePath,
    Name,
    Number,
    Part,
    Scale,
    Text,
    require_unique,
)


class Criterion(Part):
    """One bound that a stage's scores must meet.

    Attributes:
        name: behind the stage's name; None for the primary, which has the stage's.
        field: member of ``editscore``; of a stage of values, a score of the records (``shape.score_members``).
        reducer: of several values, such as those of frames: their ``mean``, ``min`` or ``quantile``; None for one value.
        quantile: which, 0 to 1.
        column: of the table of scores that holds the value; by default reducer and field.
        threshold: the published one; null where none is published, and a run must say one.
        direction: ``at_least`` keeps values from the threshold up, ``at_most`` those down from it.
        scale: smallest and largest value; None for the scale of the scores.
        primary: whether a single ``threshold`` sets it; the first criterion of a stage, unless one says so.
    """

    name: Name | None = None
    field: Text
    reducer: Literal["mean", "min", "quantile"] | None = None
    quantile: Annotated[Number, Field(ge=0, le=1)] | None = None
    column: Name | None = None
    threshold: Number | None
    direction: Literal["at_least", "at_most"] = "at_least"
    scale: Scale | None = None
    primary: bool = False

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if (self.reducer == "quantile") != (self.quantile is not None):
            raise ValueError("quantile: a number from 0 to 1, with reducer: quantile and only with it")
        if self.score_column in _OF_EVERY_RECORD:
            raise ValueError(f"another column than {self.score_column}, which every table of scores has")
        return self

    @property
    def score_column(self) -> str:
        """The column of the table of scores that holds the value."""
        return self.column or "_".join(filter(None, (self.reducer, self.field.lower())))


_OF_EVERY_RECORD = {"id", "theme", "prompt", "editscore", "frame_indices", "source_line", "extra_fields"}
"""Columns of the tables of scores, whatever the criteria."""


class Stage(Part):
    """One scored step.

    Attributes:
        name: in parameters, tables and reports; its table is ``{name}_scores``.
        title: what is scored, for people.
        colour: in figures.
        file: the JSONL file, one a theme; None for a stage of values.
        shape: whether a record has the score of one ``still``, or a list of scores of sampled ``frames``; or ``value``, in a
            dataset with a shape of its own: numbers, with no judge's answer beside them.
        judged: the asset kinds before and after the edit.
        criteria: bounds on its scores; one is primary.
    """

    name: Name
    title: str = ""
    colour: Colour | None = None
    file: FilePath | None = None
    shape: Literal["still", "frames", "value"]
    judged: tuple[Name, Name]
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if (self.file is None) != (self.shape == "value"):
            raise ValueError("file: the one that holds the scores; none with shape: value")
        for criterion in self.criteria:
            if self.shape != "value" and (criterion.reducer is None) != (self.shape == "still"):
                raise ValueError(
                    f"criterion {criterion.field}: a reducer for shape: frames, none for shape: still"
                )
        if sum(criterion.primary for criterion in self.criteria) > 1:
            raise ValueError("one criterion that is primary")
        for criterion in self.criteria:
            if criterion is not self.primary and criterion.name is None:
                raise ValueError(f"criterion {criterion.field}: a name, since it is not the primary one")
        require_unique("criteria", [each.name for each in self.criteria if each.name])
        require_unique("columns of criteria", [each.score_column for each in self.criteria])
        if self.judged[0] == self.judged[1]:
            raise ValueError(f"judged: two kinds, before and after the edit, and not {self.judged[0]} twice")
        return self

    @property
    def primary(self) -> Criterion:
        """The criterion that a single ``threshold`` sets."""
        return next((each for each in self.criteria if each.primary), self.criteria[0])

    def name_of(self, criterion: Criterion) -> str:
        """The name of one of its criteria among those of all stages."""
        return self.name if criterion is self.primary else f"{self.name}_{criterion.name}"


class Scores(Part):
    """The scored stages, in the order in which a sample passes them.

    Attributes:
        scale: smallest and largest score.
        score_range: the judge's highest answer.
        passes: how often the judge was asked.
        stages: the stages.
    """

    scale: Scale = (0, 10)
    score_range: Count = 25
    passes: Count = 4
    stages: tuple[Stage, ...]

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        require_unique("stages", [stage.name for stage in self.stages])
        of_all = [(stage.name_of(each), each) for stage in self.stages for each in stage.criteria]
        require_unique("criteria", [name for name, _ in of_all])
        for name, criterion in of_all:
            low, high = criterion.scale or self.scale
            if criterion.threshold is not None and not low <= criterion.threshold <= high:
                raise ValueError(
                    f"criterion {name}: a threshold from {low:g} to {high:g}, its scale, and it is "
                    f"{criterion.threshold:g}"
                )
        return self
