"""Which samples a variant goes without, and why, so that all that are known are accounted for."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from sparkle_curation.errors import StaleTableError
from sparkle_curation.filtering.funnel import TOTAL
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.variant.facts import VariantFacts

_WORDS = {
    "no_prompt": "no edit prompt is known",
    "no_source_video": "the source video is not at hand",
    "no_edited_video": "the edited video is not at hand",
    "licence": "the licence of the theme is not allowed",
    "theme": "the theme was left out",
    "signal": "a signal is out of its bounds",
    "benchmark_leak": "alike to a sample of the benchmark",
    "not_selected": "not selected: budget, quota, or a limit per clip or prompt",
}


class Exclusion(NamedTuple):
    """Samples that a variant goes without for one reason.

    Attributes:
        step: what left them out: a criterion, ``export`` or ``preflight``.
        reason: in words.
        samples: how many.
    """

    step: str
    reason: str
    samples: int


def list_exclusions(facts: VariantFacts, not_exported: pl.DataFrame) -> list[Exclusion]:
    """All reasons that some sample is left out for, in the order in which samples meet them.

    Each sample counts once, so the counts add up to all that are known and not exported.

    Args:
        facts: of the variant.
        not_exported: the report of the kept samples that could not be exported, ``reason`` among its columns.

    Raises:
        StaleTableError: the report is of another run.
    """
    total = _total(facts)
    found = []
    for criterion in CRITERIA:
        name = criterion.name
        beyond = "below" if criterion.is_at_least else "above"
        found.append(Exclusion(name, f"{beyond} the threshold", total[f"{name}_rejected"]))
        if facts.missing_scores == "reject":
            found.append(Exclusion(name, "without a score", total[f"{name}_unscored"]))
        if facts.imputed_scores == "reject":
            found.append(Exclusion(name, "an imputed value in the score", total[f"{name}_imputed"]))
    reasons = not_exported.group_by("reason").len().sort("len", "reason", descending=[True, False])
    found += [
        Exclusion("export", _WORDS.get(reason, reason.replace("_", " ")), count)
        for reason, count in reasons.iter_rows()
    ]
    found.append(
        Exclusion("preflight", "the training loader would not take the pair as it is", total["dropped"])
    )
    left_out = sum(each.samples for each in found)
    if total["known"] - left_out != total["exported"]:
        raise StaleTableError(
            "The reasons do not account for all samples that the variant goes without",
            where="samples_not_exported.csv and the variant's record",
            got=f"{left_out:,} left out of {total['known']:,}",
            allowed=f"{total['known'] - total['exported']:,}, as the record has it: both of one run",
            todo="kedro run --pipelines filter",
        )
    return [each for each in found if each.samples]


def _total(facts: VariantFacts) -> dict[str, int]:
    return facts.counts.filter(pl.col("theme") == TOTAL).row(0, named=True)
