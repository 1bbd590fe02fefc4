"""The preflight: what Kiwi-Edit's training loader would do with each row of a variant.

The loader replaces a row that it cannot load by a random other one, and says so in a line of its output at most.
Here each row is checked against its rules beforehand, from the headers of the files alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.id_lookup import are_unique, join_by_id
from sparkle_curation.errors import ConservationError
from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.loader.pair_files import SIDES, find_files, may_share_sources
from sparkle_curation.loader.pair_reasons import Finding, find_reasons, with_counts, with_loaded
from sparkle_curation.spec.tables.preflight import PREFLIGHT_COLUMNS, PairOutcome, PairReason

UnloadablePairs = Literal["drop", "keep"]
"""What becomes of a pair that is replaced or refused: the variant goes without it, or has it all the same."""

MOST_AT_ONCE = 1 << 18
"""Pairs that are looked at together; of more those of a theme are, which takes a little longer and less memory."""

_DROPPED = (PairOutcome.REFUSED.value, PairOutcome.REPLACED.value)


def check_pairs(
    candidates: AnyFrame,
    media: AnyFrame,
    settings: LoaderSettings,
    unloadable_pairs: UnloadablePairs = "drop",
    shards: pl.DataFrame | None = None,
    *,
    most_at_once: int = MOST_AT_ONCE,
) -> pl.DataFrame:
    """The preflight (``PREFLIGHT_COLUMNS``): one row per candidate, in their order.

    >>> none = pl.DataFrame(schema=dict.fromkeys(["id", "theme", "prompt", "src_video", "tgt_video"], pl.String))
    >>> from sparkle_curation.spec.fields import arrow_schema
    >>> from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
    >>> media = pl.DataFrame(pl.from_arrow(arrow_schema(MEDIA_COLUMNS).empty_table()))
    >>> check_pairs(none, media, LoaderSettings()).height
    0

    Args:
        candidates: the samples that would be exported: ``id``, ``theme``, ``prompt``, ``src_video``, ``tgt_video``.
        media: the table of the media.
        settings: the loader's.
        unloadable_pairs: whether ``is_dropped`` is set for those that are replaced or refused.
        shards: those that are there, as ``list_shards`` gives them; None where nothing is known of them.
        most_at_once: pairs that are looked at together; what is found does not depend on it.

    Raises:
        ConservationError: the rows are not one per candidate.
    """
    rows = candidates.lazy().select("id", "theme", "prompt", "src_video", "tgt_video").collect()
    checked = [
        _check(part, media, settings, unloadable_pairs, shards) for part in _parts(rows, media, most_at_once)
    ]
    preflight = pl.concat(checked, rechunk=True)  # as one part is, so that its file is the same
    if len(checked) > 1 and not preflight["id"].equals(rows["id"]):
        preflight = join_by_id(rows.select("id"), preflight)
    _check_conservation(candidates, preflight)
    return preflight


def _parts(rows: pl.DataFrame, media: AnyFrame, most_at_once: int) -> list[pl.DataFrame]:
    """The rows in parts, of which only one has rows that may share their source; at least one.

    What the media say of a pair is many times as large as the pair.
    """
    is_shared = may_share_sources(rows, media) if rows.height > most_at_once else None
    if is_shared is None:
        return [rows]
    parts = [rows.filter(is_shared), *rows.filter(~is_shared).partition_by("theme", maintain_order=True)]
    return [part for part in parts if part.height] or [rows]


def _check(
    candidates: pl.DataFrame,
    media: AnyFrame,
    settings: LoaderSettings,
    unloadable_pairs: UnloadablePairs,
    shards: pl.DataFrame | None,
) -> pl.DataFrame:
    """The preflight of candidates of which none shares its source with another than these."""
    rows = with_counts(with_loaded(find_files(candidates, media, shards), settings))
    found = find_reasons(settings)
    codes = [pl.when(reason.value).then(pl.lit(reason.value)) for reason in PairReason]
    checked = (
        rows.lazy()
        .with_columns(
            holds.fill_null(value=False).alias(reason.value) for reason, (holds, _) in found.items()
        )
        .with_columns(
            pl.concat_list(codes).list.drop_nulls().alias("reasons"), _worst_outcome().alias("outcome")
        )
        .with_columns(
            (pl.lit(unloadable_pairs == "drop") & pl.col("outcome").is_in(_DROPPED)).alias("is_dropped")
        )
        .collect()  # together, so that what several reasons ask is worked out once
    )
    return join_by_id(checked, _tell(checked, found)).select(field.name for field in PREFLIGHT_COLUMNS)


def drop_unloadable(
    candidates: AnyFrame, preflight: AnyFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The candidates that stay, a report of those that are dropped, and one of those that train badly.

    The reports have ``id``, ``theme``, ``outcome``, ``reasons`` (separated by spaces) and ``detail``. The second has
    a row for each pair with a reason that the loader accepts, unless it is dropped.

    Raises:
        ConservationError: stay and dropped are not all candidates.
    """
    candidates = candidates.lazy().collect()
    told = preflight.lazy().with_columns(pl.col("reasons").list.join(" "))
    dropped = told.filter("is_dropped").select(_REPORTED).collect()
    accepted = [reason.value for reason in PairReason if reason.outcome is PairOutcome.ACCEPTED_BAD]
    is_warned = pl.col("reasons").str.split(" ").list.eval(pl.element().is_in(accepted)).list.any()
    warnings = told.filter(~pl.col("is_dropped") & is_warned).select(_REPORTED).collect()
    stay = candidates
    if dropped.height:  # else nothing is copied
        stay = candidates.join(dropped, on="id", how="anti", maintain_order="left")
    if stay.height + dropped.height != candidates.height:
        raise ConservationError(
            "Pairs were lost in the preflight",
            where="table preflight",
            got=f"{stay.height} that stay + {dropped.height} dropped",
            allowed=f"{candidates.height} candidates",
        )
    return stay, dropped, warnings


_REPORTED = ("id", "theme", "outcome", "reasons", "detail")


def count_uninspected(preflight: AnyFrame) -> pl.DataFrame:
    """Pairs of which a file could not be inspected: ``theme``, ``count``, one row per theme that has some."""
    is_open = pl.col("reasons").list.contains(PairReason.NOT_INSPECTED.value)
    counts = preflight.lazy().filter(is_open).group_by("theme", maintain_order=True)
    return counts.agg(pl.len().alias("count")).collect()


def count_missing(preflight: AnyFrame, candidates: AnyFrame, media: AnyFrame) -> pl.DataFrame:
    """Pairs whose file is not there though others, or a shard, of its kind and theme are: ``theme``, ``kind``, ``count``."""
    is_missing = pl.col("reasons").list.contains(PairReason.MISSING_FILE.value)
    rows = (
        candidates.lazy()
        .join(preflight.lazy().filter(is_missing).select("id"), on="id", how="semi")
        .collect()
    )
    paths = media.lazy().select("path").unique().collect()
    counted = [
        rows.join(paths, left_on=side.column, right_on="path", how="anti")
        .group_by("theme")
        .agg(pl.lit(side.kind).alias("kind"), pl.len().alias("count"))
        for side in SIDES
    ]
    return pl.concat(counted).sort("theme", "kind")


def _worst_outcome() -> pl.Expr:
    """The worst outcome of the reasons that hold."""
    by_badness = {
        outcome: [reason.value for reason in PairReason if reason.outcome is outcome]
        for outcome in list(PairOutcome)[:0:-1]
    }
    return pl.coalesce(
        *(
            pl.when(pl.any_horizontal(reasons)).then(pl.lit(outcome.value))
            for outcome, reasons in by_badness.items()
        ),
        pl.lit(PairOutcome.LOADS.value),
    )


def _tell(checked: pl.DataFrame, found: Mapping[PairReason, Finding]) -> pl.DataFrame:
    """What is said of each row that has a reason: ``id``, ``detail``."""
    odd = checked.filter(pl.col("reasons").list.len() > 0)
    told = [
        pl.when(reason.value).then(pl.format(f"{reason}: {{}}", found[reason][1]))
        for reason in PairReason
        if odd[reason.value].any()  # most never hold, and writing 140,000 texts for nothing takes a second
    ]
    if not told:
        return pl.DataFrame(schema={"id": pl.String, "detail": pl.String})
    return odd.select("id", pl.concat_str(told, separator="; ", ignore_nulls=True).alias("detail"))


def _check_conservation(candidates: AnyFrame, preflight: pl.DataFrame) -> None:
    count = candidates.lazy().select(pl.len()).collect().item()
    if preflight.height != count or not are_unique(preflight["id"]):
        raise ConservationError(
            "The preflight is not one row per pair",
            where="table preflight",
            got=f"{preflight.height} rows of {preflight['id'].n_unique()} ids",
            allowed=f"{count} pairs",
        )
