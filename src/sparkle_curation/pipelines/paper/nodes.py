"""The node of ``paper``: the documents, from the variant's facts."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.pipelines.paper.params import PaperOptions
from sparkle_curation.reports.paper.documents import PaperFacts, write_documents
from sparkle_curation.reports.paper.exclusions import list_exclusions
from sparkle_curation.variant.bibliography import Judge, list_judges
from sparkle_curation.variant.facts import VariantFacts

logger = logging.getLogger(__name__)


def write_paper(
    variant_facts: VariantFacts, not_exported: pl.DataFrame, options: Mapping[str, Any], *rescored: AnyFrame
) -> dict[str, str]:
    """Methods, reproducibility, tables, bibliography and citation file of a variant, by file name.

    Args:
        variant_facts: of the variant as it lies in the data root.
        not_exported: the report of the kept samples that could not be exported.
        options: the parameters of ``paper``.
        rescored: the tables of rescores, read where the variant's scores are from them.

    Raises:
        StaleTableError: the report is not of the run that made the variant.
    """
    uses_rescores = variant_facts.settings.get("score_source", "released") != "released"
    columns = list(Judge._fields)
    judges = (
        list_judges(table.lazy().select(columns).unique().collect() for table in rescored)
        if uses_rescores
        else []
    )
    documents = write_documents(
        PaperFacts(
            variant=variant_facts,
            exclusions=list_exclusions(variant_facts, not_exported),
            judges=judges,
            authors=PaperOptions.model_validate(options).authors,
        )
    )
    logger.info(
        "paper: %s on %s pairs of version %s", ", ".join(documents), f"{variant_facts.sample_count:,}",
        variant_facts.version[:12],
    )  # fmt: skip
    return documents
