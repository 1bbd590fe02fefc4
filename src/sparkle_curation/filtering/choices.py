"""What decides which samples are in a variant, beside the thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sparkle_curation.filtering.benchmark_leaks import LeakPolicy
from sparkle_curation.filtering.score_source import ScoreSource
from sparkle_curation.filtering.signal_bounds import Bounds, MissingSignals
from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores
from sparkle_curation.spec.stages import CRITERIA

ImputedParameter = Literal["auto", "keep", "reject"]
"""The parameter: a policy, or ``auto`` for the one that fits the thresholds."""


@dataclass(frozen=True)
class ImputedPolicy:
    """What becomes of samples with an imputed score.

    Attributes:
        used: the policy.
        is_auto: whether it follows from the thresholds and was not asked for.
    """

    used: ImputedScores
    is_auto: bool = False

    @property
    def why(self) -> str:
        """What it followed from, to stand after it in a sentence; empty where it was asked for."""
        if not self.is_auto:
            return ""
        which = "are the published ones" if self.used == "keep" else "are not the published ones"
        return f" (`auto`: the thresholds {which})"


def settle_imputed_scores(parameter: ImputedParameter, thresholds: Mapping[str, float]) -> ImputedPolicy:
    """The policy for imputed scores: the parameter's; of ``auto`` that of the release at its thresholds, else the stricter.

    The release compared imputed scores like others, so its CSVs come out of its thresholds with ``keep`` alone.
    """
    if parameter != "auto":
        return ImputedPolicy(parameter)
    is_published = all(thresholds[each.name] == each.published_threshold for each in CRITERIA)
    return ImputedPolicy("keep" if is_published else "reject", is_auto=True)


@dataclass(frozen=True)
class ExportScope:
    """Which kept samples may be exported, whatever their scores.

    Attributes:
        licence_allow: licences that their videos may have, None for any.
        themes: their themes, None for all.
        signal_bounds: bounds on their signals, by the signal's name; empty for none.
        missing_signals: what becomes of samples without a signal that has a bound.
        benchmark_leakage: what becomes of samples that are alike to one of the benchmark.
    """

    licence_allow: Sequence[str] | None = None
    themes: Sequence[str] | None = None
    signal_bounds: Bounds = field(default_factory=dict)
    missing_signals: MissingSignals = "keep"
    benchmark_leakage: LeakPolicy = "drop"

    @property
    def dotted(self) -> dict[str, str | float]:
        """What limits it, under the names of ``--params``; empty where nothing does."""
        return {
            name: value if isinstance(value, (str, float)) else " ".join(value)
            for name, value in self.limits.items()
        }

    @property
    def limits(self) -> dict[str, Sequence[str] | float]:
        """The same with lists as they are, for the metrics."""
        words = {"licence_allow": self.licence_allow, "themes": self.themes}
        bounds: dict[str, Sequence[str] | float] = {
            f"signal_bounds.{name}.{side}": value
            for name, bound in self.signal_bounds.items()
            for side, value in bound.items()
        }
        return {
            **{name: value for name, value in words.items() if value is not None},
            **bounds,
            **({"missing_signals": self.missing_signals} if bounds else {}),
        }


@dataclass(frozen=True)
class CurationChoices:
    """The parameters that a variant is made with.

    Attributes:
        missing_scores: what became of samples without a score.
        imputed_scores: what became of samples with an imputed score, and whether it was asked for.
        score_source: whose scores were used.
        preflight: the loader that pairs were checked against, and what became of those that it cannot load.
        split: how samples were held out for validation.
        scope: which themes, licences and signals were exported.
        overrides: what was decided by hand, counted, from ``overrides.applying``; empty where nothing was.
        selection: the limits of the selection; empty where there is none.
        benchmark: what is said of the benchmark, from ``benchmark_leaks``; empty where none was ingested.
        tuned_on_bench: of each benchmark of the ledger, by name, whether other settings than these were evaluated on it
            before: ``yes``, ``no`` or ``unknown``.
    """

    missing_scores: MissingScores
    imputed_scores: ImputedPolicy
    score_source: ScoreSource
    preflight: Mapping[str, Any]
    split: Mapping[str, Any]
    scope: ExportScope
    overrides: Mapping[str, Any] = field(default_factory=dict)
    selection: Mapping[str, Any] = field(default_factory=dict)
    benchmark: Mapping[str, Any] = field(default_factory=dict)
    tuned_on_bench: Mapping[str, str] = field(default_factory=dict)

    @property
    def groups(self) -> dict[str, Any]:
        """Those that the metrics list after the policies."""
        return {
            "preflight": self.preflight,
            "split": self.split,
            "score_source": self.score_source,
            **({"scope": self.scope.limits} if self.scope.limits else {}),
            **({"overrides": self.overrides} if self.overrides else {}),
            **({"selection": self.selection} if self.selection else {}),
            **({"benchmark": self.benchmark} if self.benchmark else {}),
            **({"tuned_on_bench": dict(self.tuned_on_bench)} if self.tuned_on_bench else {}),
        }

    @property
    def dotted(self) -> dict[str, Any]:
        """The same under the names of ``--params``."""
        nested = {
            f"{group}.{name}": value
            for group, values in (("preflight", self.preflight), ("split", self.split))
            for name, value in values.items()
        }
        rule = {"override_rule": self.overrides["rule"]} if self.overrides else {}
        selection = {f"selection.{name}": value for name, value in self.selection.items() if name != "quota"}
        if selection:
            selection["selection.balance"] = " ".join(self.selection["balance"])
            quota = self.selection["quota"] or {}
            selection |= {f"selection.quota.{group}": count for group, count in quota.items()}
        leakage = {"benchmark_leakage": self.benchmark["policy"]} if self.benchmark else {}
        return {
            **nested,
            "score_source": self.score_source,
            **self.scope.dotted,
            **rule,
            **selection,
            **leakage,
        }
