"""The parameters of ``bench_report``, as ``conf/base/bench_report/parameters.yml`` declares them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.bench.results.panel import MissingJudgments
from sparkle_curation.engine.param_types import words

_NAMES = "a list of names, or some of them separated by blanks"

Names = Annotated[list[str], words(bool, _NAMES), Field(description=_NAMES)]


class FilterScores(StrEnum):
    """Whose scores of the release are compared with those of the benchmark's judge."""

    RELEASED = "released"
    RESCORED = "rescored"


class FilterJudge(BaseModel):
    """The comparison with the judge that filtered the data.

    Attributes:
        model: the one whose outputs are the videos that the filter's judge scored; None for no comparison.
        scores: which ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[str | None, Field(description="the name of a model, or null")]
    scores: Annotated[FilterScores, Field(description=" or ".join(FilterScores))]


class BenchReportGroup(BaseModel):
    """What is reported, and how.

    Attributes:
        models: those that are reported on, and compared; none for all that were judged.
        missing_judgments: what becomes of samples that a model has no judgment of, not even a failed one.
        resamples: draws of each interval.
        seed: of the draws.
        training_runs: name of a variant -> models that were trained on it alike but for the seed.
        trained_on: model -> the version of the variant that it was trained on.
        filter_judge: the comparison with the judge that filtered the data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: Names
    missing_judgments: Annotated[MissingJudgments, Field(description=", ".join(MissingJudgments))]
    resamples: Annotated[int, Field(strict=True, ge=200, le=1_000_000, description="an integer from 200 up")]
    seed: Annotated[int, Field(strict=True, ge=0, description="an integer from 0 up")]
    training_runs: Annotated[dict[str, Names], Field(description="names of models by the name of a variant")]
    trained_on: Annotated[
        dict[str, str], Field(description="workspace, a folder, or a revision of git by the name of a model")
    ]
    filter_judge: FilterJudge


class BenchReportParams(BaseModel):
    """The parameters of ``bench_report``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bench_report: BenchReportGroup
