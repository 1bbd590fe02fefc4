"""What could be exported of all samples were they kept, by the pipeline's own steps: it has looked at kept ones alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.explorer.data import (
    DROPPED,
    LACKS,
    UNLOADABLE,
    UNSEEN,
    WARNED,
    ExplorerTables,
    columns_of,
    dropped_ids,
)
from sparkle_curation.filtering.benchmark_leaks import BENCHMARK_LEAK
from sparkle_curation.ingest.assets.shards import list_shards
from sparkle_curation.loader.preflight import check_pairs
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.preflight import PairOutcome
from sparkle_curation.variant.curation import steps
from sparkle_curation.variant.curation.params import FilterParams
from sparkle_curation.variant.export import find_prompts

_ROWS_AT_ONCE = 20_000
_MOST_SLICES = 8  # each reads all annotations and media


@dataclass(frozen=True)
class Exportable:
    """What was found out of all samples.

    Attributes:
        tables: with ``obstacles``, ``prompts_found`` and ``pairs_checked``.
        flags: DROPPED, WARNED and UNSEEN, by the number of the sample.
        lacks: 0, or 1 + the place in ``LACKS`` of what keeps it from being exported.
    """

    tables: ExplorerTables
    flags: np.ndarray[Any, np.dtype[np.uint32]]
    lacks: np.ndarray[Any, np.dtype[np.uint8]]

    @property
    def blob(self) -> bytes:
        """For the page: the flags (uint32, little-endian), then the lacks."""
        return self.flags.astype("<u4").tobytes() + self.lacks.tobytes()


class Lookout:
    """Finds it out when it is asked for the first time, which takes as long as all the rest of a start; for any thread.

    Args:
        tables: as the catalog has them.
        params: of curating; None where there are none.
    """

    def __init__(self, tables: ExplorerTables, params: FilterParams | None) -> None:
        self._tables, self._params = tables, params
        self._lock = threading.Lock()
        self._found: Exportable | None = None

    @property
    def found_so_far(self) -> Exportable | None:
        """What could be exported; None as long as that is being found out, so that nobody waits for it."""
        return self._found

    def found(self) -> Exportable:
        """What could be exported of all samples."""
        with self._lock:
            if self._found is None:
                self._found = mark(look_beyond_kept(self._tables, self._params))
            return self._found


def mark(tables: ExplorerTables) -> Exportable:
    """What the tables of ``look_beyond_kept`` say, sample by sample in the order of the verdicts."""
    ids = tables.verdicts.lazy().select("id").collect()["id"]
    checked = columns_of(tables.pairs_checked, "id", "is_dropped", "outcome")
    is_unseen = pl.col("outcome") == PairOutcome.NOT_INSPECTED.value
    stays = checked.filter(~pl.col("is_dropped"), ~is_unseen)
    marks = {
        DROPPED: ids.is_in(dropped_ids(checked).implode()),
        WARNED: ids.is_in(stays.filter(pl.col("outcome") != PairOutcome.LOADS.value)["id"].implode()),
        UNSEEN: ~ids.is_in(checked.filter(~is_unseen)["id"].implode()),
    }
    flags = np.zeros(len(ids), np.uint32)
    for flag, is_marked in marks.items():
        flags[is_marked.to_numpy()] |= flag
    lacks = np.zeros(len(ids), np.uint8)
    lacks[(flags & DROPPED) != 0] = 1 + LACKS.index(UNLOADABLE)
    for (reason,), rows in columns_of(tables.obstacles, "id", "reason").group_by("reason"):
        lacks[ids.is_in(rows["id"].implode()).to_numpy()] = 1 + LACKS.index(str(reason))
    return Exportable(tables, flags, lacks)


def look_beyond_kept(
    tables: ExplorerTables, params: FilterParams | None, rows_at_once: int = _ROWS_AT_ONCE
) -> ExplorerTables:
    """The tables with what keeps each known sample from being exported, whatever thresholds and hands say of it.

    Bounds on signals and the selection are not among it: the page moves them. Where nothing was ingested or inspected, what
    the present variant's preflight has found is all that is known.

    Args:
        tables: as the catalog has them.
        params: of curating; None where there are none.
        rows_at_once: how many samples are looked at together, or an eighth of them if that is more.

    Returns:
        The tables with ``obstacles``, ``prompts_found`` and ``pairs_checked``.
    """
    if params is None or "kind" not in _names(tables.assets):
        return replace(tables, pairs_checked=tables.preflight)
    leak = [BENCHMARK_LEAK] if BENCHMARK_LEAK in _names(tables.verdicts) else []
    every = tables.verdicts.lazy().select("id", "theme", "is_released", *leak).collect()
    prompts = find_prompts(every, tables.annotations, tables_with_prompts(tables))
    scope = steps.choose_scope(
        params.licence_allow, params.themes, None, params.missing_signals, params.benchmark_leakage
    )
    shards = None
    if _names(tables.media) and _names(tables.source_files):
        shards = list_shards(tables.source_files, tables.assets)
    obstacles, checked = [], []
    for part in _slices(every, tables.annotations, prompts, rows_at_once):
        candidates, lacking = steps.compose_variant(part, tables.annotations, prompts, tables.assets, scope)
        obstacles.append(lacking.select("id", "reason", "detail"))
        if _names(tables.media):
            checked.append(
                check_pairs(
                    candidates, tables.media, params.preflight, params.preflight.unloadable_pairs, shards
                ).select("id", "outcome", "reasons", "is_dropped", "detail")
            )
    return replace(
        tables,
        obstacles=pl.concat(obstacles),
        prompts_found=prompts,
        pairs_checked=pl.concat(checked) if checked else tables.preflight,
    )


def tables_with_prompts(tables: ExplorerTables) -> dict[str, AnyFrame]:
    """Scores and groundings by the names of their tables, in the order in which the pipeline asks them for a prompt."""
    by_name = {each.table: tables.scores[each.name] for each in STAGES if each.name in tables.scores}
    asked = {**by_name, **tables.groundings}
    return {name: table for name, table in asked.items() if "prompt" in _names(table)}


def _slices(
    samples: pl.DataFrame, annotations: AnyFrame, prompts: pl.DataFrame, rows_at_once: int
) -> Iterator[pl.DataFrame]:
    """The samples in parts, so that texts and what the preflight works out are in memory of one part alone.

    Those of one prompt are in one part: the preflight counts rows of one source and prompt, and nothing else across rows.
    """
    count = min(-(-samples.height // rows_at_once), _MOST_SLICES)
    if count <= 1:
        yield samples
        return
    told = pl.concat(
        table.lazy().select("id", pl.col("prompt").hash().alias("part")) for table in (annotations, prompts)
    )
    of_sample = (
        samples.lazy().select("id").join(told.unique("id"), on="id", how="left", maintain_order="left")
    )
    part = of_sample.collect(engine="streaming")["part"].fill_null(0) % count
    for number in range(count):
        yield samples.filter(part == number)


def _names(table: AnyFrame) -> list[str]:
    return table.lazy().collect_schema().names()
