"""The parameters of filtering, as ``conf/base/curate/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import words
from sparkle_curation.filtering.benchmark_leaks import LeakPolicy
from sparkle_curation.filtering.choices import ImputedParameter
from sparkle_curation.filtering.overrides.resolving import OverrideRule
from sparkle_curation.filtering.own_licences import licence_id
from sparkle_curation.filtering.score_source import ScoreSource
from sparkle_curation.filtering.selection.params import SelectionParams
from sparkle_curation.filtering.signal_bounds import MissingSignals, SignalBounds
from sparkle_curation.filtering.thresholds import ALLOWED, Threshold, Thresholds
from sparkle_curation.filtering.verdicts import MissingScores
from sparkle_curation.loader.preflight_params import PreflightParams
from sparkle_curation.spec.licences import described_licences
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.split import SplitParams

_LICENCES = (
    f"licences as a list or separated by blanks, of {', '.join(described_licences())} and those that new samples have of "
    "their own, each in one word; or null for any"
)

_THEMES = f"themes as a list or separated by blanks, of {', '.join(THEMES)}, or null for all"


class FilterParams(BaseModel):
    """The parameters of filtering.

    Attributes:
        threshold: one threshold for all stages; None leaves each its own.
        thresholds: the thresholds of the stages.
        missing_scores: what becomes of a sample without a score at a stage: ``reject`` stops it there,
            ``keep`` lets it through, ``error`` stops the run.
        imputed_scores: what becomes of a sample whose score at a stage is proven to hold an imputed value: ``keep``
            filters it by that score all the same, ``reject`` stops it there; ``auto`` keeps at the published thresholds
            and rejects at others.
        score_source: whose scores are used: ``released``, ``rescored``, or ``rescored_else_released``.
        preflight: what each pair is checked against before it is exported.
        split: how the variant is split into training and validation.
        licence_allow: licences that videos may have; None for any.
        themes: themes that the variant holds; None for all.
        signal_bounds: bounds on signals by their name; None for none.
        missing_signals: what becomes of a sample without a signal that has a bound: ``keep`` lets it through.
        override_rule: who prevails where people decide differently about a sample.
        selection: budget and balance of the samples that could be exported.
        benchmark_leakage: what becomes of samples that are alike to one of the benchmark that was ingested: ``drop`` leaves
            them out, ``keep`` does not.
        allow_empty: whether tables and the variant may come to hold nothing; of ``manifest`` and ``ingest`` too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: Annotated[Threshold | None, Field(description=f"{ALLOWED}, or null")]
    thresholds: Thresholds
    missing_scores: MissingScores
    imputed_scores: ImputedParameter
    score_source: Annotated[ScoreSource, Field(description="released, rescored or rescored_else_released")]
    preflight: PreflightParams
    split: SplitParams
    override_rule: Annotated[OverrideRule, Field(description="any_drop, any_keep, majority or unanimous")]
    selection: SelectionParams
    benchmark_leakage: Annotated[LeakPolicy, Field(description="drop or keep")]
    allow_empty: Annotated[bool, Field(strict=True, description="true or false")]
    licence_allow: Annotated[
        list[str] | None,
        words(lambda word: word == licence_id(word), _LICENCES),
        Field(description=_LICENCES),
    ]
    themes: Annotated[
        Annotated[list[str], Field(min_length=1)] | None,
        words(THEMES.__contains__, _THEMES),
        Field(description=_THEMES),
    ]
    signal_bounds: SignalBounds
    missing_signals: MissingSignals
