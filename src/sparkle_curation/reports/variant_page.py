"""The page of a variant: the first to look at after a run, with the numbers and pictures of the card, and ways on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
from markupsafe import Markup

from sparkle_curation.pages.frame import Header, Page
from sparkle_curation.reports.figures.parts import spoken
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.pictures import SAMPLES, SCORES, Pictures

_TEMPLATES = Path(__file__).parent / "templates"

LEFT_OUT = {
    "samples_not_exported.csv": "Kept by their scores and not exported",
    "preflight_dropped.csv": "Pairs that Kiwi-Edit would not load",
    "preflight_warnings.csv": "Pairs that load, and train badly",
    "prompt_warnings.csv": "Prompts that Kiwi-Edit's reader changes",
}
"""The reports that lie beside the page, and what they list."""


class LeftOut(NamedTuple):
    """A report of what was left out, or is odd: its samples by reason."""

    what: str
    sample_count: int
    reasons: Sequence[tuple[str, int]]
    file: str


def compose(facts: VariantFacts, pictures: Pictures, reports: Sequence[pl.DataFrame]) -> Page:
    """The page, without what its place gives it.

    Args:
        facts: what is to be told of the variant.
        pictures: those of the card.
        reports: in the order of ``LEFT_OUT``.
    """
    columns = ["known", *(f"{each.name}_kept" for each in CRITERIA), "exported"]
    headings = [
        f"{spoken(each.name)} {'≥' if each.is_at_least else '≤'} {exact(facts.thresholds[each.name])}"
        for each in CRITERIA
    ]
    scores = pictures.files.get(SCORES, b"").decode()
    return Page(
        _TEMPLATES,
        "variant.html.jinja",
        Header("Variant", data_version=facts.data.digest, variant=facts.version, thresholds=facts.thresholds),
        {
            "pair_count": facts.sample_count,
            "columns": ["known", *headings, "exported"],
            "rows": [
                (theme, numbers) for theme, *numbers in facts.counts.select("theme", *columns).iter_rows()
            ],
            "scores": Markup(scores) if scores else "",  # noqa: S704 -- drawn here, its texts escaped
            "samples": SAMPLES if SAMPLES in pictures.files else "",
            "about_samples": pictures.about_samples,
            "left_out": [
                LeftOut(what, report.height, _reasons(report), file)
                for (file, what), report in zip(LEFT_OUT.items(), reports, strict=True)
            ],
        },
    )


def _reasons(report: pl.DataFrame) -> list[tuple[str, int]]:
    """How many rows have each reason, the most frequent first; a row may have several, with blanks between."""
    column = next((name for name in ("reason", "reasons", "hazard") if name in report.columns), None)
    if column is None:
        return []
    return Counter(word for text in report[column] for word in str(text).split()).most_common()
