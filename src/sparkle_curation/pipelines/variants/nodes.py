"""The nodes of ``variants``: the parameters of each, the tables for all, the curation of each, and what went wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from pydantic import BaseModel

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.errors import EmptyOutputError, SparkleError
from sparkle_curation.expectations.pages.reports import stop_if_critical
from sparkle_curation.filtering.verdicts import list_known
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.reports.variant_pictures import draw_pictures
from sparkle_curation.scoring.audit.score_audit import find_score_faults
from sparkle_curation.spec.stages import STAGE_NAMES
from sparkle_curation.variant.curation.curate import CuratedVariant, CurationTables, curate
from sparkle_curation.variant.curation.named import parameters_of
from sparkle_curation.variant.curation.params import FilterParams
from sparkle_curation.variant.curation.variants_table import tabulate_variants
from sparkle_curation.variant.export import Variant
from sparkle_curation.variant.provenance import CodeVersion, DataVersion
from sparkle_curation.variant.tuned_on_bench import Entry

logger = logging.getLogger(__name__)


def choose_parameters(variants: dict[str, dict[str, Any]], *of_run: Any) -> dict[str, FilterParams]:
    """The parameters of each variant: those of the run, with what the variant changes.

    Args:
        variants: by name, what differs.
        of_run: the parameters of filtering, in the order of ``FilterParams``.
    """
    # Kedro has made models of groups where another pipeline's node asks for one.
    plain = [value.model_dump() if isinstance(value, BaseModel) else value for value in of_run]
    run = dict(zip(FilterParams.model_fields, plain, strict=True))
    return {
        name: FilterParams.model_validate(parameters_of(run, changes)) for name, changes in variants.items()
    }


def gather_tables(
    variant_parameters: dict[str, FilterParams],
    validation_summary: pl.DataFrame,
    data_docs: str,
    overrides: pl.DataFrame,
    asset_store: AssetStore,
    audit_sample: AnyFrame,
    bench_ledger: list[Entry] | None,
    *tables: AnyFrame,
) -> CurationTables:
    """What all variants are made of, once no critical rule is broken; empty tables where there is no variant to make.

    Args:
        variant_parameters: of each variant.
        validation_summary: of ``validate``.
        data_docs: the page that shows it.
        overrides: decisions by hand.
        asset_store: what the pictures of the variants are drawn from.
        audit_sample: what people judge blind.
        bench_ledger: what was evaluated on benchmarks.
        tables: the scores by stage, the rescores by stage, the groundings; then annotations, assets, their source files,
            media, groups of near duplicates, signals, and what a benchmark shares with the release.

    Raises:
        ValidationError: a critical rule is broken.
    """
    stop_if_critical(validation_summary, data_docs)
    if not variant_parameters:  # nothing is to be read for none
        tables = tuple(table.lazy().limit(0) for table in tables)
    *others, annotations, assets, assets_source_files, media = tables[:-4]
    sample_groups, signals, bench_leakage, bench_comparison = tables[-4:]
    count = len(STAGE_NAMES)
    scores, rescores, groundings = others[:count], others[count : 2 * count], others[2 * count :]
    return CurationTables(
        samples_known=list_known(annotations, [*scores, *groundings, assets]),
        annotations=annotations,
        scores=tuple(scores),
        rescores=tuple(rescores),
        groundings=tuple(groundings),
        assets=assets,
        assets_source_files=assets_source_files,
        media=media,
        sample_groups=sample_groups,
        signals=signals,
        score_faults=find_score_faults(dict(zip(STAGE_NAMES, scores, strict=True))),
        overrides=overrides,
        bench_leakage=bench_leakage,
        bench_comparison=bench_comparison,
        draw=lambda samples, verdicts, thresholds: draw_pictures(
            samples, verdicts, thresholds, media, asset_store
        ),
        audit_sample=audit_sample,
        bench_ledger=bench_ledger,
    )


def curate_variants(
    variant_parameters: dict[str, FilterParams],
    curation_tables: CurationTables,
    variants_before: Mapping[str, Callable[[], pl.DataFrame]],
    code_version: CodeVersion,
    data_version: DataVersion,
) -> tuple[dict[str, Variant], pl.DataFrame, dict[str, SparkleError]]:
    """The variants by name, a table of them, and what kept others from being made.

    Args:
        variant_parameters: of each variant.
        curation_tables: what they are made of.
        variants_before: those that lie where these go.
        code_version: of the code.
        data_version: of the release.
    """
    curated: dict[str, CuratedVariant] = {}
    with item_progress("variants", len(variant_parameters)) as tell:
        for name, params in variant_parameters.items():
            logger.info("variant %s", name)
            before = variants_before[name]()["theme"].unique() if name in variants_before else ()
            curated[name] = curate(curation_tables, params, code_version, data_version, list(before))
            tell(len(curated), sum(each.error is not None for each in curated.values()))
    left = sorted(set(variants_before) - set(curated))
    if left:
        logger.warning(
            "05_model_input/variants has variants that this run does not name, left as they are: %s",
            ", ".join(left),
        )
    return (
        {name: each.variant for name, each in curated.items() if each.variant is not None},
        tabulate_variants(curated),
        {name: each.error for name, each in curated.items() if each.error is not None},
    )


def check_variants(
    failed: dict[str, SparkleError],
    variants_table: pl.DataFrame,
    _: Mapping[str, Callable[[], pl.DataFrame]],
) -> None:
    """Nothing, once what was made is told, if all variants were made.

    Raises:
        EmptyOutputError: a variant could not be made; the others are written.
    """
    totals = variants_table.filter(pl.col("exported").is_not_null()).group_by("variant", maintain_order=True)
    for (name,), rows in totals:
        total = rows.row(-1, named=True)
        logger.info("variant %s: %s of %s samples", name, f"{total['exported']:,}", f"{total['known']:,}")
    if variants_table.is_empty():
        logger.info(
            "no variant is named: --params variants.NAME.threshold=9, or conf/base/variants/parameters.yml"
        )
        return
    logger.info("variants lie in 05_model_input/variants, and 08_reporting/variants.csv compares them")
    if failed:
        first, error = next(iter(failed.items()))
        raise EmptyOutputError(
            f"{len(failed)} of {variants_table['variant'].n_unique()} variants could not be made; the others are written",
            where=", ".join(f"variants.{name}" for name in failed),
            got=f"{first}: {error.what}; {error.got}",
            allowed=error.allowed,
            todo=(error.todo or "").replace("--params ", f"--params variants.{first}."),
        )
