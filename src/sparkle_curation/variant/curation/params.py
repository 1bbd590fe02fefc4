"""The parameters of filtering, as ``conf/base/curate/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import words
from sparkle_curation.filtering.score_source import ScoreSource
from sparkle_curation.filtering.thresholds import ALLOWED, Threshold, Thresholds
from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores
from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.loader.preflight import UnloadablePairs
from sparkle_curation.variant.split import SplitParams


class PreflightParams(LoaderSettings):
    """The options of the training that the variant is for, and what becomes of a pair that it could not load.

    Attributes:
        unloadable_pairs: a pair that is replaced or refused: ``drop`` it from the variant, or ``keep`` it.
    """

    unloadable_pairs: UnloadablePairs


_LICENCES = "ids of licences as a list or separated by blanks, such as cc-by-4.0, or null for any"


class FilterParams(BaseModel):
    """The parameters of filtering.

    Attributes:
        threshold: one threshold for all stages; None leaves each its own.
        thresholds: the thresholds of the stages.
        missing_scores: what becomes of a sample without a score at a stage: ``reject`` stops it there,
            ``keep`` lets it through, ``error`` stops the run.
        imputed_scores: what becomes of a sample whose score at a stage is proven to hold an imputed value: ``keep``
            filters it by that score all the same, ``reject`` stops it there.
        score_source: whose scores are used: ``released``, ``rescored``, or ``rescored_else_released``.
        preflight: what each pair is checked against before it is exported.
        split: how the variant is split into training and validation.
        licence_allow: licences that videos may have; None for any.
        allow_empty: whether tables and the variant may come to hold nothing; of ``manifest`` and ``ingest`` too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: Annotated[Threshold | None, Field(description=f"{ALLOWED}, or null")]
    thresholds: Thresholds
    missing_scores: MissingScores
    imputed_scores: ImputedScores
    score_source: Annotated[ScoreSource, Field(description="released, rescored or rescored_else_released")]
    preflight: PreflightParams
    split: SplitParams
    allow_empty: Annotated[bool, Field(strict=True, description="true or false")]
    licence_allow: Annotated[list[str] | None, words(bool, _LICENCES), Field(description=_LICENCES)]
