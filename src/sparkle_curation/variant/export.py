"""Composing a variant: which kept samples can be exported, with which prompt and videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.id_lookup import are_unique, join_by_id
from sparkle_curation.errors import ConservationError
from sparkle_curation.filtering.benchmark_leaks import BENCHMARK_LEAK
from sparkle_curation.filtering.choices import ExportScope
from sparkle_curation.filtering.own_licences import (
    NO_OWN_LICENCES,
    find_own_licences,
    has_allowed_licences,
    licence_texts,
)
from sparkle_curation.filtering.signal_bounds import find_out_of_bounds
from sparkle_curation.spec.layout import KIND, asset_path
from sparkle_curation.spec.themes import THEMES

VARIANT_COLUMNS: tuple[str, ...] = (
    "id",
    "theme",
    "prompt",
    "src_video",
    "tgt_video",
    "edit_type",
    "chosen_keyword",
    "original_scene",
    "extra_fields",
)
"""Columns of a sample of a variant. ``edit_type`` is null where the release has no metadata of it; ``variant_samples``
has ``split`` too."""

PAIR_COLUMNS: tuple[str, ...] = ("id", "theme", "prompt", "src_video", "tgt_video", "chosen_keyword")
"""Those of a sample that can be exported. The others are read when they are written: texts are most of what filtering
holds in memory."""


@dataclass(frozen=True)
class Variant:
    """A variant as it is kept: its samples, and what describes them.

    Attributes:
        samples: with ``VARIANT_COLUMNS``, or ``PAIR_COLUMNS`` where ``annotations`` have the others; the rows of a theme
            in the order that its CSV shall have.
        documents: text by file name: the card, and the record that it is read again from.
        known_themes: themes that the available release has a sample of. Another one that has pairs where the variant is to
            be written has lost its sources, and is not to go in silence. None: any may go.
        pictures: bytes by path in the variant's folder.
        annotations: as ingested; None where the samples have all columns.
    """

    samples: pl.DataFrame
    documents: Mapping[str, str]
    known_themes: frozenset[str] | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    annotations: AnyFrame | None = None


_VIDEO_COLUMNS = {"src_video": KIND.source_video, "tgt_video": KIND.edited_video}
"""Column of the training CSV -> asset kind."""

_KEEPING_ORDER: Any = {"on": "id", "how": "left", "maintain_order": "left"}


class NotExported(StrEnum):
    """Why a kept sample is not exported."""

    NO_PROMPT = "no_prompt"
    NO_SOURCE_VIDEO = "no_source_video"
    NO_EDITED_VIDEO = "no_edited_video"
    LICENCE = "licence"
    THEME = "theme"
    SIGNAL = "signal"
    NOT_SELECTED = "not_selected"
    BENCHMARK_LEAK = BENCHMARK_LEAK


_NO_VIDEO = {KIND.source_video: NotExported.NO_SOURCE_VIDEO, KIND.edited_video: NotExported.NO_EDITED_VIDEO}


def find_prompts(kept: AnyFrame, annotations: AnyFrame, tables: Mapping[str, AnyFrame]) -> pl.DataFrame:
    """One row per kept sample that the annotations lack and some table knows: ``id``, ``prompt``, ``table``.

    The first of ``tables`` that has the sample gives its prompt. When the annotations lack none, which is
    the usual case, no table is read.
    """
    wanted = kept.lazy().filter(~pl.col("is_released")).select("id").collect()
    if wanted.height:  # else the annotations are not read either
        noted = annotations.lazy().select("id")
        wanted = wanted.lazy().join(noted, on="id", how="anti", maintain_order="left").collect()
    found = pl.DataFrame(schema={"id": pl.String, "prompt": pl.String, "table": pl.String})
    for name, table in tables.items():
        missing = wanted.join(found, on="id", how="anti")
        if missing.is_empty():
            break
        prompts = table.lazy().select("id", "prompt", pl.lit(name).alias("table"))
        found = pl.concat([found, prompts.join(missing.lazy(), on="id", how="semi").collect()])
    return wanted.join(found, on="id", how="inner", maintain_order="left")


def compose(
    kept: AnyFrame,
    annotations: AnyFrame,
    prompts_found: AnyFrame,
    assets: AnyFrame,
    scope: ExportScope | None = None,
    signals: AnyFrame | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The exported samples (``PAIR_COLUMNS``), and those that cannot be: ``id, theme, reason, detail``.

    A sample of a theme that is not asked for, whose videos have a licence that is not allowed, that is alike to one of the
    benchmark, or whose signals are out of bounds, is not exported.
    Of the others one that the release's CSV has is exported as it stands there; another is exported if both its videos
    are among the assets, and its paths are those of the layout. Both frames are in the order of ``kept``, but the released
    samples stand before the others.

    Args:
        kept: with ``id``, ``theme``, ``is_released``, each id once; ``benchmark_leak`` (absent: nothing leaks).
        annotations: as ingested.
        prompts_found: prompts of samples that the annotations lack, from ``find_prompts``.
        assets: with ``id`` and ``kind``; read only when a kept sample is not in the release's CSV.
        scope: the themes, the ids of licences, ``unknown`` among them if it is to be, and bounds on signals; None for any.
        signals: as measured; without columns where they were not. Read only where there are bounds.

    Raises:
        ParameterError: a licence is allowed that neither the description nor a sample has.
        MissingTableError: there are bounds on signals, and none were measured.
        ConservationError: exported and not exported are not all kept samples.
    """
    scope = scope or ExportScope()
    every, leaking = _leaking(kept, scope)
    own = NO_OWN_LICENCES if scope.licence_allow is None else find_own_licences(annotations)
    is_wanted = pl.col("theme").is_in(list(THEMES if scope.themes is None else scope.themes))
    is_allowed = (
        is_wanted
        & ~pl.col("id").is_in(leaking["id"].implode())
        & has_allowed_licences(own, scope.licence_allow)
    )
    allowed = every.filter(is_allowed)
    table = pl.LazyFrame() if signals is None else signals
    out_of_bounds = find_out_of_bounds(allowed, table, scope.signal_bounds, scope.missing_signals)
    kept = allowed.filter(~pl.col("id").is_in(out_of_bounds["id"].implode()))
    barred = pl.concat(
        [
            _leave_out(every.filter(~is_wanted)),
            _bar(
                every.filter(is_wanted & ~is_allowed).join(
                    leaking, on="id", how="anti", maintain_order="left"
                ),
                own,
            ),
            leaking.filter(is_wanted),
            out_of_bounds.select("id", "theme", pl.lit(NotExported.SIGNAL.value).alias("reason"), "detail"),
        ]
    )
    unlisted = _describe_unlisted(kept.filter(~pl.col("is_released")), annotations, prompts_found)
    obstacles = pl.concat([_find_obstacles(unlisted, assets), barred])
    released = kept.lazy().filter("is_released").select("id", "theme").collect()
    exported = pl.concat(
        [
            *(_describe_released(part, annotations) for part in _by_theme(released)),
            unlisted.join(obstacles, on="id", how="anti", maintain_order="left").select(PAIR_COLUMNS),
        ]
    )
    _check_conservation(every, exported, obstacles)
    return exported, obstacles


def _leaking(kept: AnyFrame, scope: ExportScope) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The kept samples, and as obstacles those of them that are not to be exported for being alike to the benchmark."""
    table = kept.lazy()
    if BENCHMARK_LEAK not in table.collect_schema().names():
        table = table.with_columns(pl.lit(None, pl.String).alias(BENCHMARK_LEAK))
    every = table.select("id", "theme", "is_released", BENCHMARK_LEAK).collect()
    is_leaking = pl.col(BENCHMARK_LEAK).is_not_null() & pl.lit(scope.benchmark_leakage == "drop")
    reason = pl.lit(NotExported.BENCHMARK_LEAK.value).alias("reason")
    obstacles = every.filter(is_leaking).select("id", "theme", reason, pl.col(BENCHMARK_LEAK).alias("detail"))
    return every.drop(BENCHMARK_LEAK), obstacles


def _leave_out(samples: pl.DataFrame) -> pl.DataFrame:
    """Samples whose theme is not asked for, as obstacles."""
    detail = "its theme is not among `themes`"
    return samples.select(
        "id", "theme", pl.lit(NotExported.THEME.value).alias("reason"), pl.lit(detail).alias("detail")
    )


def _bar(samples: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Samples whose licence is not allowed, as obstacles."""
    return samples.with_columns(licence_texts(samples, own)).select(
        "id",
        "theme",
        pl.lit(NotExported.LICENCE.value).alias("reason"),
        pl.format("the licence of its videos is {}", "licence").alias("detail"),
    )


def _select_annotations(annotations: AnyFrame) -> pl.LazyFrame:
    return annotations.lazy().select(column for column in PAIR_COLUMNS if column != "theme")


def _by_theme(samples: pl.DataFrame) -> list[pl.DataFrame]:
    """The samples theme by theme, in their order; all together where themes do not follow one another, or there are none."""
    runs = samples["theme"].rle_id().max()
    is_by_theme = runs is not None and runs + 1 == samples["theme"].n_unique()  # type: ignore[operator]
    return samples.partition_by("theme", maintain_order=True) if is_by_theme else [samples]


def _describe_released(samples: pl.DataFrame, annotations: AnyFrame) -> pl.DataFrame:
    """Released samples as their annotations have them."""
    return _look_up(samples, annotations, PAIR_COLUMNS).select(PAIR_COLUMNS)


def with_metadata(samples: pl.DataFrame, annotations: AnyFrame | None) -> pl.DataFrame:
    """Samples of one theme with ``VARIANT_COLUMNS``, of which the annotations have what the samples lack.

    Args:
        samples: with ``PAIR_COLUMNS``.
        annotations: as ingested; None where nothing is lacking.
    """
    if annotations is None:
        return samples
    return _look_up(samples, annotations, VARIANT_COLUMNS).select(VARIANT_COLUMNS)


def look_up(samples: pl.DataFrame, annotations: AnyFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The samples with those of the columns that they lack, from the annotations, theme by theme where they stand so.

    Args:
        samples: with ``id`` and ``theme``, each id once.
        annotations: as ingested.
        columns: of the annotations.
    """
    return pl.concat(_look_up(part, annotations, columns) for part in _by_theme(samples))


def _look_up(samples: pl.DataFrame, annotations: AnyFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The samples with those of the columns that they lack; those of other samples and themes are dropped while read."""
    table, themes = annotations.lazy(), samples["theme"].unique()
    if len(themes) == 1 and "theme" in table.collect_schema().names():
        table = table.filter(pl.col("theme") == themes[0])
    lacking = [column for column in columns if column not in samples.columns]
    ids = samples.lazy().select("id")
    found = table.select("id", *lacking).join(ids, on="id", how="semi").collect(engine="streaming")
    # Looked up also where the order is right: what is gathered lets go of the texts of other samples.
    return join_by_id(samples, found)


def _describe_unlisted(samples: pl.DataFrame, annotations: AnyFrame, prompts_found: AnyFrame) -> pl.DataFrame:
    """Samples that no CSV has, with what the metadata and the layout say of them.

    The prompt is the metadata's, or else the one that was found; null where neither has one.
    """
    noted = _select_annotations(annotations.lazy().filter(pl.col("csv_line").is_null()))
    found = prompts_found.lazy().select("id", pl.col("prompt").alias("_prompt_found"))
    return (
        samples.lazy()
        .join(noted, **_KEEPING_ORDER)
        .join(found, **_KEEPING_ORDER)
        .with_columns(
            pl.coalesce("prompt", "_prompt_found"),
            *(
                pl.format(asset_path("{}", kind, "{}"), "theme", "id").alias(column)
                for column, kind in _VIDEO_COLUMNS.items()
            ),
        )
        .collect()
    )


def _find_obstacles(unlisted: pl.DataFrame, assets: AnyFrame) -> pl.DataFrame:
    """What keeps a sample that no CSV has from being exported: ``id``, ``theme``, ``reason``, ``detail``."""
    obstacles = {NotExported.NO_PROMPT: (pl.col("prompt").is_null(), pl.lit("no table has its prompt"))}
    videos = _list_videos(unlisted, assets)
    for column, kind in _VIDEO_COLUMNS.items():
        present = videos.filter(pl.col("kind") == kind)["id"]
        is_absent = ~pl.col("id").is_in(present.implode())
        obstacles[_NO_VIDEO[kind]] = (is_absent, pl.format("{} is not among the assets", pl.col(column)))
    return unlisted.select(
        "id",
        "theme",
        pl.coalesce(
            pl.when(is_met).then(pl.lit(reason.value)) for reason, (is_met, _) in obstacles.items()
        ).alias("reason"),
        pl.concat_str(
            [pl.when(is_met).then(detail) for is_met, detail in obstacles.values()],
            separator="; ",
            ignore_nulls=True,
        ).alias("detail"),
    ).filter(pl.col("reason").is_not_null())


def _list_videos(samples: pl.DataFrame, assets: AnyFrame) -> pl.DataFrame:
    """The source and edited videos of ``samples``: ``id``, ``kind``. No samples, and nothing is read."""
    if samples.is_empty():
        return pl.DataFrame(schema={"id": pl.String, "kind": pl.String})
    return (
        assets.lazy()
        .select("id", "kind")
        .filter(pl.col("kind").is_in(list(_VIDEO_COLUMNS.values())))
        .join(samples.lazy().select("id"), on="id", how="semi")
        .collect()
    )


def _check_conservation(kept: pl.DataFrame, exported: pl.DataFrame, obstacles: pl.DataFrame) -> None:
    if exported.height + obstacles.height != kept.height or not are_unique(exported["id"]):
        raise ConservationError(
            "Exported samples and those that are not do not add up; a table has an id twice",
            where="variant_samples",
            got=f"{exported.height} exported with {exported['id'].n_unique()} ids + {obstacles.height} not exported",
            allowed=f"{kept.height} kept",
        )
