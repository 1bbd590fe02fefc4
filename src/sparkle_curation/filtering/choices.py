"""What decides which samples are in a variant, beside the thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sparkle_curation.filtering.score_source import ScoreSource
from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores


@dataclass(frozen=True)
class CurationChoices:
    """The parameters that a variant is made with.

    Attributes:
        missing_scores: what became of samples without a score.
        imputed_scores: what became of samples with an imputed score.
        score_source: whose scores were used.
        preflight: the loader that pairs were checked against, and what became of those that it cannot load.
        split: how samples were held out for validation.
    """

    missing_scores: MissingScores
    imputed_scores: ImputedScores
    score_source: ScoreSource
    preflight: Mapping[str, Any]
    split: Mapping[str, Any]

    @property
    def groups(self) -> dict[str, Any]:
        """Those that the metrics list after the policies."""
        return {"preflight": self.preflight, "split": self.split, "score_source": self.score_source}

    @property
    def dotted(self) -> dict[str, Any]:
        """The same under the names of ``--params``."""
        nested = {
            f"{group}.{name}": value
            for group, values in (("preflight", self.preflight), ("split", self.split))
            for name, value in values.items()
        }
        return {**nested, "score_source": self.score_source}
