"""What could be exported of all samples were they kept, by the pipeline's own steps: it has looked at kept ones alone."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.explorer.data import ExplorerTables
from sparkle_curation.filtering.benchmark_leaks import BENCHMARK_LEAK
from sparkle_curation.ingest.assets.shards import list_shards
from sparkle_curation.loader.preflight import check_pairs
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.variant.curation import steps
from sparkle_curation.variant.curation.params import FilterParams
from sparkle_curation.variant.export import find_prompts


def look_beyond_kept(tables: ExplorerTables, params: FilterParams | None) -> ExplorerTables:
    """The tables with what keeps each known sample from being exported, whatever thresholds and hands say of it.

    Bounds on signals and the selection are not among it: the page moves them. Where nothing was ingested or inspected, what
    the present variant's preflight has found is all that is known.

    Args:
        tables: as the catalog has them.
        params: of curating; None where there are none.

    Returns:
        The tables with ``obstacles``, ``prompts_found`` and ``pairs_checked``.
    """
    if params is None or "kind" not in _names(tables.assets):
        return replace(tables, pairs_checked=tables.preflight)
    leak = [BENCHMARK_LEAK] if BENCHMARK_LEAK in _names(tables.verdicts) else []
    every = tables.verdicts.lazy().select("id", "theme", "is_released", *leak).collect()
    by_name = {each.table: tables.scores[each.name] for each in STAGES if each.name in tables.scores}
    asked = {**by_name, **tables.groundings}
    prompts = find_prompts(
        every,
        tables.annotations,
        {name: table for name, table in asked.items() if "prompt" in _names(table)},
    )
    scope = steps.choose_scope(
        params.licence_allow, params.themes, None, params.missing_signals, params.benchmark_leakage
    )
    candidates, lacking = steps.compose_variant(every, tables.annotations, prompts, tables.assets, scope)
    checked = tables.preflight
    if _names(tables.media):
        has_sources = bool(_names(tables.source_files))
        shards = list_shards(tables.source_files, tables.assets) if has_sources else None
        checked = check_pairs(
            candidates, tables.media, params.preflight, params.preflight.unloadable_pairs, shards
        )
    obstacles = lacking.select("id", "reason", "detail")
    return replace(tables, obstacles=obstacles, prompts_found=prompts, pairs_checked=checked)


def _names(table: AnyFrame) -> list[str]:
    return table.lazy().collect_schema().names()
