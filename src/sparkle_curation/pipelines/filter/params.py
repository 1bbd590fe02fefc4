"""The parameters of judging, as ``conf/base/curate/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import words
from sparkle_curation.filtering.score_source import ScoreSource
from sparkle_curation.filtering.thresholds import ALLOWED, CutOff, Thresholds
from sparkle_curation.filtering.verdicts import MissingScores, TaintedScores
from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.loader.preflight import UnloadablePairs
from sparkle_curation.variant.split import SplitParams


class PreflightParams(LoaderSettings):
    """The options of the training that the variant is for, and what becomes of a pair that it could not load.

    Attributes:
        unloadable_pairs: a pair that the loader would replace: ``drop`` it from the variant, or ``keep`` it.
    """

    unloadable_pairs: UnloadablePairs


_LICENCES = "ids of licences as a list or parted by blanks, such as cc-by-4.0, or null for any"


class JudgeParams(BaseModel):
    """The parameters of judging.

    Attributes:
        threshold: one cut-off for all stages; None leaves each its own.
        thresholds: the cut-offs of the stages.
        missing_scores: what becomes of a sample without a score at a stage: ``reject`` stops it there,
            ``keep`` lets it through, ``error`` stops the run.
        tainted_scores: what becomes of a sample whose score at a stage is proven to hold a made-up value: ``keep``
            judges it all the same, ``reject`` stops it there.
        score_source: whose scores are gone by: ``released``, ``rescored``, or ``rescored_else_released``.
        preflight: what each pair is held against before it is emitted.
        split: how the variant is split into training and validation.
        licence_allow: licences that videos may have; None for any.
        allow_empty: whether tables and the variant may come to hold nothing; of ``manifest`` and ``ingest`` too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: Annotated[CutOff | None, Field(description=f"{ALLOWED}, or null")]
    thresholds: Thresholds
    missing_scores: MissingScores
    tainted_scores: TaintedScores
    score_source: Annotated[ScoreSource, Field(description="released, rescored or rescored_else_released")]
    preflight: PreflightParams
    split: SplitParams
    allow_empty: Annotated[bool, Field(strict=True, description="true or false")]
    licence_allow: Annotated[list[str] | None, words(bool, _LICENCES), Field(description=_LICENCES)]
