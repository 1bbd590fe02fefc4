"""What the page counts with: one blob of numbers a sample, and the words that say what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import MissingTableError
from sparkle_curation.explorer.observed import describe_signals, find_unobserved, read_signals
from sparkle_curation.filtering.choices import settle_imputed_scores
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import ASSET_KINDS, KIND
from sparkle_curation.spec.stages import CRITERIA, STAGE_BY_NAME, Criterion
from sparkle_curation.spec.tables.verdicts import imputed_column, score_column, threshold_column
from sparkle_curation.spec.themes import THEME_COLOURS, THEME_TITLES, in_order
from sparkle_curation.variant.export import NotExported

RELEASED, DROPPED, FAULTY, PRESENT, WARNED, UNSEEN, GENERATED = (1 << bit for bit in range(7))
"""Flags of a sample: in the release's CSV; the loader cannot take the pair; its scores have a fault; it is in the present
variant; the loader takes the pair, but not as it should; no preflight has looked into its files; a new sample, with files of
a model. Above them, imputed scores by criterion. What the loader does is found out behind the rest, by ``exporting``."""
_FIRST_IMPUTED_BIT = 8

UNLOADABLE = "unloadable"
BEFORE_SIGNALS = (NotExported.THEME.value, NotExported.BENCHMARK_LEAK.value, NotExported.LICENCE.value)
LACKS = (
    *BEFORE_SIGNALS,
    NotExported.NO_PROMPT.value,
    NotExported.NO_SOURCE_VIDEO.value,
    NotExported.NO_EDITED_VIDEO.value,
    UNLOADABLE,
)
"""What keeps a sample from being exported, as the pipeline asks: a bound on a signal comes behind the first three."""


@dataclass(frozen=True)
class ExplorerTables:
    """The tables that the page shows; those that were never made are empty.

    Attributes:
        verdicts: one row per known sample; the order in which samples are numbered.
        annotations: prompts and keywords.
        scores: by the stage's name.
        score_faults: what the audit of the scores found.
        preflight: what the loader would do with the pairs of the present variant's candidates.
        not_exported: kept samples that the present variant lacks.
        assets: which the release has.
        media: what the header of each asset says.
        boxes: groundings.
        signals: what was measured of pairs and prompts.
        sample_groups: samples that share a source clip.
        audit_sample: what is to be judged blind, in its order.
        policies: ``missing_scores`` and ``imputed_scores`` of the present variant.
        bounds: on signals, of the present variant.
        groundings: as ingested, by name.
        source_files: from which the assets were ingested.
        origins: where new samples are from (``new_samples.release.origins.ORIGINS``).
        obstacles: ``id``, ``reason``, ``detail`` of samples that could not be exported if they were kept; this and the
            next two come from ``exporting``.
        prompts_found: of samples that the annotations lack.
        pairs_checked: the preflight of all samples that could be exported.
    """

    verdicts: AnyFrame
    annotations: AnyFrame
    scores: Mapping[str, AnyFrame] = field(default_factory=dict)
    score_faults: AnyFrame = field(default_factory=pl.DataFrame)
    preflight: AnyFrame = field(default_factory=pl.DataFrame)
    not_exported: AnyFrame = field(default_factory=pl.DataFrame)
    assets: AnyFrame = field(default_factory=pl.DataFrame)
    media: AnyFrame = field(default_factory=pl.DataFrame)
    boxes: AnyFrame = field(default_factory=pl.DataFrame)
    signals: AnyFrame = field(default_factory=pl.DataFrame)
    sample_groups: AnyFrame = field(default_factory=pl.DataFrame)
    audit_sample: AnyFrame = field(default_factory=pl.DataFrame)
    policies: Mapping[str, str] = field(default_factory=dict)
    bounds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    groundings: Mapping[str, AnyFrame] = field(default_factory=dict)
    source_files: AnyFrame = field(default_factory=pl.DataFrame)
    origins: AnyFrame = field(default_factory=pl.DataFrame)
    obstacles: AnyFrame = field(default_factory=pl.DataFrame)
    prompts_found: AnyFrame = field(default_factory=pl.DataFrame)
    pairs_checked: AnyFrame = field(default_factory=pl.DataFrame)


@dataclass(frozen=True)
class Samples:
    """All samples, ready to be sent.

    Attributes:
        description: what the page must know to read the blob and to name what it shows; becomes JSON.
        blob: the scores of each criterion, then the values of each signal (float64, NaN for none), then flags (uint32),
            subthemes (uint16) and themes (uint8), each by sample, little-endian.
        texts: ``id``, ``prompt``, ``chosen_keyword`` in the order of the samples, never null.
        place: id -> number of the sample.
    """

    description: dict[str, Any]
    blob: bytes
    texts: pl.DataFrame
    place: Mapping[str, int]

    @cached_property
    def searched(self) -> pl.DataFrame:
        """What is searched, as ``text``, one row a sample; made when somebody searches for the first time."""
        joined = pl.concat_str("id", "prompt", "chosen_keyword", separator="\n")
        return self.texts.select(joined.str.to_lowercase().alias("text"))


def read_samples(tables: ExplorerTables) -> Samples:
    """What the page starts with.

    Raises:
        MissingTableError: the verdicts are not those of this description.
    """
    columns = ["id", "theme", "is_released", "is_kept"]
    columns += [column(each) for each in CRITERIA for column in (score_column, imputed_column)]
    present = tables.verdicts.lazy().collect_schema().names()
    if lacking := [name for name in columns if name not in present]:
        raise MissingTableError(
            "The verdicts lack what the page counts with: they were made of another description or by an earlier version",
            where="verdicts",
            got=f"no column {', '.join(lacking)}",
            todo="make them again: kedro run --pipelines curate",
        )
    verdicts = tables.verdicts.lazy().select(columns).collect()
    texts = _texts(verdicts.select("id", "theme"), tables.annotations)
    themes = in_order(verdicts["theme"].to_list())
    names = texts.select(pl.col("theme"), pl.col("subtheme").fill_null("")).unique().sort("theme", "subtheme")
    subthemes = [(theme, name) for theme, name in names.rows() if name]
    numbers = pl.DataFrame(
        {
            "theme": [theme for theme, _ in subthemes],
            "subtheme": [name for _, name in subthemes],
            "number": range(1, len(subthemes) + 1),
        },
        schema={"theme": pl.String, "subtheme": pl.String, "number": pl.UInt16},
    )
    of_subtheme = texts.join(numbers, on=["theme", "subtheme"], how="left", maintain_order="left")["number"]
    of_theme = verdicts["theme"].replace_strict(themes, list(range(len(themes))), return_dtype=pl.UInt8)
    signals = read_signals(verdicts["id"], tables.signals)
    parts = [
        *(verdicts[score_column(each)].fill_null(float("nan")).to_numpy().astype("<f8") for each in CRITERIA),
        *signals.values(),
        _flags(verdicts, tables).astype("<u4"),
        of_subtheme.fill_null(0).to_numpy().astype("<u2"),
        of_theme.to_numpy().astype("u1"),
    ]
    return Samples(
        description=_describe(tables, verdicts.height, themes, subthemes)
        | {"signals": describe_signals(signals, tables.bounds)},
        blob=b"".join(part.tobytes() for part in parts),
        texts=texts.select("id", pl.col("prompt", "chosen_keyword").fill_null("")),
        place={name: number for number, name in enumerate(verdicts["id"])},
    )


def _texts(known: pl.DataFrame, annotations: AnyFrame) -> pl.DataFrame:
    """``known`` and what the annotations say of each, in its order; of a sample that they have twice, the first."""
    told = annotations.lazy().select("id", "prompt", "chosen_keyword", "subtheme")
    texts = known.lazy().join(told, on="id", how="left", maintain_order="left").collect()
    if texts.height == known.height:
        return texts
    return texts.unique("id", keep="first", maintain_order=True)


def _flags(verdicts: pl.DataFrame, tables: ExplorerTables) -> np.ndarray[Any, np.dtype[np.uint32]]:
    flags = np.zeros(verdicts.height, np.uint32)
    ids = verdicts["id"]
    gone = pl.concat([columns_of(tables.not_exported, "id")["id"], dropped_ids(tables.preflight)])
    marks = {
        RELEASED: verdicts["is_released"],
        PRESENT: verdicts["is_kept"] & ~ids.is_in(gone.implode()),
        FAULTY: ids.is_in(columns_of(tables.score_faults, "id")["id"].implode()),
        GENERATED: ids.is_in(
            columns_of(tables.origins, "id", "is_generated").filter("is_generated")["id"].implode()
        ),
    }
    marks |= {
        1 << (_FIRST_IMPUTED_BIT + place): verdicts[imputed_column(each)]
        for place, each in enumerate(CRITERIA)
    }
    for mark, is_marked in marks.items():
        flags[is_marked.fill_null(value=False).to_numpy()] |= mark
    return flags


def dropped_ids(checked: AnyFrame) -> pl.Series:
    """The ids of the pairs that a preflight drops; none where there was none."""
    return columns_of(checked, "id", "is_dropped").filter("is_dropped")["id"]


def columns_of(table: AnyFrame, *names: str) -> pl.DataFrame:
    """These columns of a table; no rows where it was never made."""
    types = {"is_dropped": pl.Boolean, "is_generated": pl.Boolean}
    if not table.lazy().collect_schema().names():
        return pl.DataFrame(schema={name: types.get(name, pl.String) for name in names})
    return table.lazy().select(names).collect()


def _describe(
    tables: ExplorerTables, count: int, themes: list[str], subthemes: list[tuple[str, str]]
) -> dict[str, Any]:
    first = tables.verdicts.lazy().select(threshold_column(each) for each in CRITERIA).head(1).collect()
    present = first.to_dicts()[0] if first.height else {}
    unobserved = find_unobserved(tables.verdicts, themes)
    return {
        "title": dataset().title,
        "count": count,
        "criteria": [
            {
                "name": each.name,
                "stage": each.stage,
                "title": STAGE_BY_NAME[each.stage].title
                if each.is_primary
                else f"{each.reducer or each.field}: {each.name}",
                "low": each.scale[0],
                "high": each.scale[1],
                "is_at_least": each.is_at_least,
                "is_primary": each.is_primary,
                "colour": each.colour,
                "published": each.published_threshold,
                "present": _present(present, each),
                "unobserved": unobserved.get(each.name, {}),
                "imputed": 1 << (_FIRST_IMPUTED_BIT + place),
            }
            for place, each in enumerate(CRITERIA)
        ],
        "themes": [
            {"name": theme, "title": THEME_TITLES.get(theme, theme), "colour": THEME_COLOURS.get(theme)}
            for theme in themes
        ],
        "subthemes": [{"theme": themes.index(theme), "name": name} for theme, name in subthemes],
        "flags": {
            "released": RELEASED,
            "dropped": DROPPED,
            "faulty": FAULTY,
            "present": PRESENT,
            "warned": WARNED,
            "unseen": UNSEEN,
            "generated": GENERATED,
        },
        "lacks": [{"name": each, "is_before_signals": each in BEFORE_SIGNALS} for each in LACKS],
        "policies": _policies(
            tables.policies,
            {each.name: _present(present, each) for each in CRITERIA},
        ),
        "pair": [KIND.source_video, KIND.edited_video],
        "mask": KIND.mask,
        "kinds": [{"name": each.name, "suffix": each.suffix} for each in ASSET_KINDS.values()],
        "has": {
            name: bool(table.lazy().collect_schema().names())
            for name, table in (("preflight", tables.preflight), ("media", tables.media))
        },
    }


def _present(present: Mapping[str, float], criterion: Criterion) -> float:
    """The threshold of the present variant; else the published one, and where there is none one that keeps all."""
    published = criterion.published_threshold
    keeps_all = criterion.scale[0] if criterion.is_at_least else criterion.scale[1]
    return present.get(threshold_column(criterion), keeps_all if published is None else published)


def _policies(used: Mapping[str, str], thresholds: Mapping[str, float]) -> dict[str, str]:
    """Those of the present variant; ``auto`` where it would have come to the same, since it moves with the thresholds."""
    by_itself = settle_imputed_scores("auto", thresholds).used
    imputed = used.get("imputed_scores", by_itself)
    return {
        "missing_scores": used.get("missing_scores", "reject"),
        "missing_signals": used.get("missing_signals", "keep"),
        "imputed_scores": "auto" if imputed == by_itself else imputed,
    }


def find_reasons(
    tables: ExplorerTables, samples: Samples, query: str
) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """The numbers of the samples of which one reason of a judge has each word of the query, whatever its case.

    Read from the tables each time, some hundreds of megabytes at the size of the release: kept, they would fill the memory.
    """
    places: set[int] = set()
    for table in tables.scores.values():
        kind: Any = table.lazy().collect_schema().get("editscore")
        if kind is None:
            continue
        rows = table.lazy().select("id", "editscore")
        if isinstance(kind, pl.List):
            rows, kind = rows.explode("editscore"), kind.inner
        fields = [each.name for each in kind.fields if "reasoning" in each.name.lower()]
        texts = [pl.col("editscore").struct.field(name).str.to_lowercase() for name in fields]
        has_all = [
            pl.all_horizontal(text.str.contains(word, literal=True) for word in query.lower().split())
            for text in texts
        ]
        if has_all:
            found = rows.filter(pl.any_horizontal(has_all)).select("id").unique().collect(engine="streaming")
            places.update(samples.place[name] for name in found["id"] if name in samples.place)
    return np.array(sorted(places), "<u4")


def find_text(samples: Samples, query: str) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """The numbers of the samples whose id, prompt or keyword has each word of the query, whatever its case."""
    found = samples.searched.with_row_index("number")
    for word in query.lower().split():
        found = found.filter(pl.col("text").str.contains(word, literal=True))
    return found["number"].to_numpy().astype("<u4")
