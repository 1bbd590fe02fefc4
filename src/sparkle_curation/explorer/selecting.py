"""What a choice of thresholds, bounds and budget comes to in the end: by the pipeline's own steps, for the page to show."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from pydantic import ValidationError

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ParameterError
from sparkle_curation.explorer.data import UNLOADABLE, UNSEEN, ExplorerTables, Samples, dropped_ids
from sparkle_curation.explorer.exporting import Exportable
from sparkle_curation.filtering.benchmark_leaks import BENCHMARK_LEAK
from sparkle_curation.filtering.choices import settle_imputed_scores
from sparkle_curation.filtering.selection.params import SelectionParams
from sparkle_curation.filtering.selection.selecting import NO_VALUE
from sparkle_curation.filtering.thresholds import resolve_thresholds
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.spec.stages import CRITERIA, STAGES
from sparkle_curation.spec.tables.verdicts import imputed_column, score_column
from sparkle_curation.variant.curation import steps
from sparkle_curation.variant.curation.params import FilterParams

_GROUPS_SHOWN = 400


def read_choice(params: FilterParams, given: Mapping[str, Any]) -> FilterParams:
    """The parameters that the explorer started with, and over them those of the page.

    Raises:
        ParameterError: one has no such value.
    """
    try:
        return FilterParams.model_validate(params.model_dump() | dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        raise ParameterError(
            "A parameter has no such value",
            where=".".join(map(str, first["loc"])),
            got=first["input"],
            allowed=first["msg"],
        ) from None


def select_by(
    exportable: Exportable, samples: Samples, params: FilterParams, by_hand: Mapping[str, list[int]]
) -> dict[str, Any]:
    """What the pairs of a choice are, as ``curate`` would select them; becomes JSON.

    Members: ``kept``, by thresholds and by hand; ``lacking``, those of them that could not be exported, by reason;
    ``candidates``, the rest; ``selected``; ``unseen``, those of them that no preflight could look into; ``limits``, those
    that were not selected, by the limit; ``groups``, each as name, candidates and selected; ``bits``, whether each sample is
    selected, in their order, packed in base64.

    A pair that no preflight could look into counts as loadable, as it does in ``curate``.

    Args:
        exportable: what was found out of all samples.
        samples: their numbers.
        params: the choice.
        by_hand: ``kept`` and ``dropped``, the numbers of the samples that are so by hand.

    Raises:
        SelectionError: the limits and what was kept by hand, or the names of groups, do not fit.
        MissingTableError: signals are bounded, or source clips limited, that nobody has looked at.
    """
    tables = exportable.tables
    verdicts = _verdicts(tables, params, by_hand)
    kept = verdicts.filter("is_kept")
    found = tables.prompts_found.lazy().collect()
    no_prompts = pl.DataFrame(schema={"id": pl.String, "prompt": pl.String, "table": pl.String})
    scope = steps.choose_scope(
        params.licence_allow,
        params.themes,
        params.signal_bounds,
        params.missing_signals,
        params.benchmark_leakage,
    )
    every, lacking = steps.compose_variant(
        kept, tables.annotations, found if found.columns else no_prompts, tables.assets, scope, tables.signals
    )
    candidates = every.filter(~pl.col("id").is_in(dropped_ids(tables.pairs_checked).implode()))
    unloadable = every.height - candidates.height
    groups = steps.choose_groups(tables.media, tables.sample_groups, params.split, params.selection)
    selected, left_out = steps.select_samples(
        candidates, verdicts, tables.annotations, groups, lacking, params.selection, params.split
    )
    reasons = dict(lacking.group_by("reason").len().sort("reason").iter_rows())
    is_selected = np.zeros(len(samples.place), bool)
    is_selected[[samples.place[key] for key in selected["id"]]] = True
    is_unseen = (exportable.flags & UNSEEN) != 0
    limits = left_out.filter(pl.col("reason") == "not_selected")["detail"].str.extract(r"^(\w+)", 1)
    return {
        "kept": kept.height,
        "lacking": reasons | ({UNLOADABLE: unloadable} if unloadable else {}),
        "candidates": candidates.height,
        "selected": selected.height,
        "unseen": int((is_selected & is_unseen).sum()),
        "limits": dict(limits.value_counts().sort("detail").iter_rows()),
        "groups": _groups(tables, candidates, selected, params.selection),
        "bits": base64.b64encode(np.packbits(is_selected, bitorder="little").tobytes()).decode(),
    }


def _verdicts(tables: ExplorerTables, params: FilterParams, by_hand: Mapping[str, list[int]]) -> pl.DataFrame:
    """The verdicts of the choice, by the scores that the present ones were made of, with what was decided by hand."""
    columns = ["id", "theme", "is_released", *(imputed_column(each) for each in CRITERIA)]
    leaks = _leaks(tables.verdicts)
    known = tables.verdicts.lazy().select(*columns, *(score_column(each) for each in CRITERIA)).collect()
    scores = {
        stage.name: known.select(
            "id",
            *(
                pl.col(score_column(each)).alias(each.score_column)
                for each in CRITERIA
                if each.stage == stage.name
            ),
        )
        for stage in STAGES
    }
    thresholds = resolve_thresholds(params.threshold, params.thresholds)
    imputed = settle_imputed_scores(params.imputed_scores, thresholds).used
    verdicts = apply_thresholds(known.select(columns), scores, thresholds, params.missing_scores, imputed)
    word = np.full(verdicts.height, None, object)
    word[by_hand["kept"]], word[by_hand["dropped"]] = "keep", "drop"
    override = pl.Series("override", word.tolist(), dtype=pl.String)  # numpy's objects are none of polars
    is_kept = pl.when(override.is_null()).then("is_kept").otherwise(override == "keep")
    return verdicts.with_columns(override, is_kept.alias("is_kept"), *leaks)


def _leaks(verdicts: AnyFrame) -> list[pl.Series]:
    """What each sample shares with the benchmark, as the present verdicts have it; nothing where they do not say."""
    if BENCHMARK_LEAK not in verdicts.lazy().collect_schema().names():
        return []
    return [verdicts.lazy().select(BENCHMARK_LEAK).collect()[BENCHMARK_LEAK]]


def _groups(
    tables: ExplorerTables, candidates: pl.DataFrame, selected: pl.DataFrame, selection: SelectionParams
) -> list[tuple[str, int, int]]:
    name = pl.concat_str(
        [pl.col(each).cast(pl.String).fill_null(NO_VALUE) for each in selection.balance], separator="/"
    )
    subthemes = tables.annotations.lazy().select("id", "subtheme").unique("id", keep="first")
    counted = (
        candidates.lazy()
        .select("id", "theme")
        .join(subthemes, on="id", how="left", maintain_order="left")
        .with_columns(pl.col("id").is_in(selected["id"].implode()).alias("is_selected"))
        .group_by(name.alias("group"))
        .agg(pl.len(), pl.col("is_selected").sum())
        .sort("group")
        .head(_GROUPS_SHOWN)
        .collect()
    )
    return list(counted.iter_rows())
