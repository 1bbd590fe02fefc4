"""Whether the record of a variant speaks of what lies beside it."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import StaleTableError
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.verdicts import threshold_column
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.record import identify_variant


def check_variant(
    variant_facts: VariantFacts, variant_samples: pl.DataFrame, verdicts: AnyFrame
) -> VariantFacts:
    """The record of the variant, which a kit is made of.

    Raises:
        StaleTableError: it speaks of other rows than those that lie beside it, or the verdicts are of other thresholds.
    """
    columns = {each.name: threshold_column(each) for each in CRITERIA}
    used = next(verdicts.lazy().select(columns.values()).head(1).collect().iter_rows(named=True), {})
    then = {columns[name]: float(value) for name, value in variant_facts.thresholds.items()}
    if used and used != then:
        raise StaleTableError(
            "The verdicts are not those that the variant was made of",
            where="verdicts and variant.json",
            got=f"verdicts of thresholds {', '.join(map(exact, used.values()))}",
            allowed=f"a variant of thresholds {', '.join(map(exact, then.values()))}",
            todo="make both in one run, at the threshold that you want: kedro run --pipelines filter --params threshold=...",
        )
    found = identify_variant(variant_samples)
    if found != variant_facts.version:
        raise StaleTableError(
            "The CSVs of the variant are not those that its record speaks of",
            where="variant.json and prompts/ of the variant",
            got=f"rows of version {found[:12]}",
            allowed=f"version {variant_facts.version[:12]}",
            todo="somebody changed them by hand; make the variant again as its card says under 'How to rebuild it'",
        )
    return variant_facts
