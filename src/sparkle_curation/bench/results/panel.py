"""The judgments of some models about the same samples as arrays: what every figure of a report is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from sparkle_curation.bench.results.intervals import Codes, Floats
from sparkle_curation.errors import MissingTableError, ParameterError, StaleTableError, did_you_mean
from sparkle_curation.spec.tables.bench_results import MACRO, SUBTHEME_LEVEL, THEME_LEVEL
from sparkle_curation.spec.themes import in_order

JUDGED = "judged"
"""State of a judgment that has scores; every other one is a failure."""

NO_SUBTHEME = "unknown"
"""Stands for the subtheme of a sample whose metadata are missing."""

_EVALUATE = "kedro run --pipelines bench_evaluate"
_SHOWN = 3


@dataclass(frozen=True)
class Scale:
    """What is to be known of a rubric.

    Attributes:
        keys: of the dimensions, in their order.
        worst: the lowest score, which a failure counts as.
        best: the highest one.
        capped_by: key of the dimension that no other one counts more than; None for none.
    """

    keys: tuple[str, ...]
    worst: int
    best: int
    capped_by: str | None = None


class MissingJudgments(StrEnum):
    """What becomes of samples of the benchmark that a model has no judgment of, not even a failed one."""

    STOP = "stop"
    WORST = "worst"
    COMMON = "common"


class Unit(NamedTuple):
    """Rows that a mean is of.

    Attributes:
        level: of ``LEVELS``.
        theme: None for all.
        subtheme: None for all of the theme.
        rows: their places in the panel.
    """

    level: str
    theme: str | None
    subtheme: str | None
    rows: Codes


@dataclass(frozen=True)
class Panel:
    """Capped scores of each sample by each model, in the order of the benchmark.

    Attributes:
        rubric: its name.
        judge: its name.
        models: names, in order.
        dimensions: keys of the rubric's dimensions.
        samples: one row per sample: ``sample_id``, ``theme``, ``subtheme``.
        themes: of each sample, as codes in ``theme_names``.
        theme_names: those that have samples, in the order of the dataset.
        clips: the source clip of each sample, as codes.
        capped: (samples, models, dimensions), a failure as the worst score.
        raw: the same before the cap; NaN for a failure, and where it is not known.
        is_judged: (samples, models).
    """

    rubric: str
    judge: str
    models: tuple[str, ...]
    dimensions: tuple[str, ...]
    samples: pl.DataFrame
    themes: Codes
    theme_names: tuple[str, ...]
    clips: Codes
    capped: Floats
    raw: Floats
    is_judged: npt.NDArray[np.bool_]

    def units(self) -> Iterator[Unit]:
        """The macro, then each theme with its subthemes, where any is known."""
        every = np.arange(len(self.themes))
        yield Unit(MACRO, None, None, every)
        subthemes = self.samples["subtheme"].to_numpy()
        has_subthemes = bool((subthemes != NO_SUBTHEME).any())
        for code, theme in enumerate(self.theme_names):
            of_theme = every[self.themes == code]
            yield Unit(THEME_LEVEL, theme, None, of_theme)
            for subtheme in sorted(set(subthemes[of_theme])) if has_subthemes else ():
                yield Unit(SUBTHEME_LEVEL, theme, subtheme, of_theme[subthemes[of_theme] == subtheme])


def build_panels(
    samples: pl.DataFrame,
    judgments: pl.DataFrame,
    scores: pl.DataFrame,
    scales: Mapping[str, Scale],
    models: Sequence[str] = (),
    missing: MissingJudgments = MissingJudgments.STOP,
) -> list[Panel]:
    """A panel for each rubric and judge; of repeats the first one counts, so that no sample has more weight.

    Args:
        samples: of the benchmark: ``sample_id``, ``theme``, ``subtheme``, ``content_hash``; each is a row of every mean.
        judgments: ``model``, ``sample_id``, ``rubric``, ``judge``, ``repeat``, ``state``, ``answering_model``.
        scores: of the judged: the same keys, ``dimension``, ``raw_score``, ``capped_score``.
        scales: the rubrics by name.
        models: those to report on; none for all that were judged.
        missing: what becomes of samples that some model has no judgment of.

    Raises:
        MissingTableError: nothing was judged.
        ParameterError: a model was never judged, or a rubric is not among ``scales``.
        StaleTableError: judgments are of samples that the benchmark does not have; or of other samples for one model than
            for another; or of two models that answered as one judge.
    """
    if not judgments.height:
        raise MissingTableError(
            "Nothing was judged, so there is nothing to report",
            where="the table bench_judgments",
            todo=f"judge first: {_EVALUATE}",
        )
    chosen = _choose_models(judgments, models)
    judgments = judgments.filter(pl.col("model").is_in(chosen))
    _check_samples(samples, judgments)
    _check_answering(judgments)
    panels = []
    for rubric, judge in judgments.select("rubric", "judge").unique().sort("rubric", "judge").iter_rows():
        if rubric not in scales:
            raise ParameterError(
                "There are judgments by a rubric that is not described",
                where=f"bench_judgments, rubric {rubric}",
                got=rubric,
                allowed=", ".join(scales) or "none is described",
                todo=f"put its file back, or judge by another one: {_EVALUATE}",
            )
        of_both = (pl.col("rubric") == rubric) & (pl.col("judge") == judge)
        panels.append(
            _build_panel(
                samples,
                first_repeats(judgments.filter(of_both)),
                scores.filter(of_both),
                scales[rubric],
                missing,
            )
        )
    return panels


def first_repeats(judgments: pl.DataFrame) -> pl.DataFrame:
    """The first judgment of each sample by each model, rubric and judge."""
    keys = ["model", "sample_id", "rubric", "judge"]
    return judgments.sort("repeat", maintain_order=True).unique(keys, keep="first", maintain_order=True)


def _choose_models(judgments: pl.DataFrame, asked: Sequence[str]) -> list[str]:
    known = judgments["model"].unique().sort().to_list()
    for name in asked:
        if name not in known:
            raise ParameterError(
                "A model that the report shall be about was not judged",
                where="bench_report.models",
                got=name,
                allowed=", ".join(known),
                todo=did_you_mean(name, known) or f"judge it first: {_EVALUATE}",
            )
    return list(dict.fromkeys(asked)) or known


def _check_samples(samples: pl.DataFrame, judgments: pl.DataFrame) -> None:
    odd = judgments.join(samples, on="sample_id", how="anti")["sample_id"].unique().sort()
    if len(odd):
        raise StaleTableError(
            "There are judgments of samples that the benchmark does not have",
            where="bench_judgments",
            got=f"{len(odd):,}, e.g. {', '.join(odd.head(_SHOWN))}",
            allowed=f"the {samples.height:,} samples of bench_samples",
            todo=f"was another benchmark ingested since? Judge this one: {_EVALUATE}",
        )


def _check_answering(judgments: pl.DataFrame) -> None:
    answering = (
        judgments.filter(pl.col("state") == JUDGED)
        .group_by("rubric", "judge")
        .agg(pl.col("answering_model").drop_nulls().unique().sort())
        .filter(pl.col("answering_model").list.len() > 1)
    )
    for rubric, judge, names in answering.sort("rubric", "judge").iter_rows():
        raise StaleTableError(
            "Two models have answered as one judge, so their scores do not compare",
            where=f"bench_judgments, judge {judge}, rubric {rubric}",
            got=", ".join(names),
            allowed="one answering model a judge",
            todo="give the judges names of their own and judge again with one of them: " + _EVALUATE,
        )


def _build_panel(
    samples: pl.DataFrame,
    judgments: pl.DataFrame,
    scores: pl.DataFrame,
    scale: Scale,
    missing: MissingJudgments,
) -> Panel:
    rubric, judge = judgments.row(0, named=True)["rubric"], judgments.row(0, named=True)["judge"]
    models = tuple(judgments["model"].unique().sort())
    by_model = dict(judgments.group_by("model").agg("sample_id").iter_rows())
    lacking = {
        model: samples.filter(~pl.col("sample_id").is_in(by_model[model]))["sample_id"].to_list()
        for model in models
    }
    if any(lacking.values()) and missing is MissingJudgments.STOP:
        raise _different_ids(lacking, samples.height, f"rubric {rubric}, judge {judge}")
    if missing is MissingJudgments.COMMON:
        left_out = {each for ids in lacking.values() for each in ids}
        samples = samples.filter(~pl.col("sample_id").is_in(left_out))
    if not samples.height:
        raise _different_ids(
            lacking, len({each for ids in lacking.values() for each in ids}), "no sample is common to all"
        )
    place = pl.int_range(pl.len()).alias("place")
    theme_names = tuple(in_order(samples["theme"]))
    subtheme = pl.col("subtheme").fill_null(NO_SUBTHEME)
    clip = pl.coalesce("content_hash", "sample_id").rank("dense").cast(pl.Int64) - 1
    rows = samples.select("sample_id", "theme", subtheme, clip.alias("clip"), place)
    keys = ["model", "sample_id", "rubric", "judge", "repeat"]
    answers = (
        judgments.filter(pl.col("state") == JUDGED)
        .join(scores, on=keys)
        .join(rows.select("sample_id", "place"), on="sample_id")
    )
    model_code = pl.col("model").replace_strict(
        {name: code for code, name in enumerate(models)}, return_dtype=pl.Int64
    )
    key_code = pl.col("dimension").replace_strict(
        {key: code for code, key in enumerate(scale.keys)}, default=None, return_dtype=pl.Int64
    )
    # What others have published has no score before the cap.
    cells = answers.select(
        "place", model_code, key_code, pl.col("raw_score", "capped_score").cast(pl.Float64)
    )
    cells = cells.drop_nulls(["dimension", "capped_score"]).with_columns(
        pl.col("raw_score").fill_null(float("nan"))
    )
    shape = (rows.height, len(models), len(scale.keys))
    capped, raw = np.full(shape, np.nan), np.full(shape, np.nan)
    at = tuple(cells[name].to_numpy() for name in ("place", "model", "dimension"))
    raw[at], capped[at] = cells["raw_score"].to_numpy(), cells["capped_score"].to_numpy()
    is_judged = ~np.isnan(capped).any(axis=2)
    raw[~is_judged] = np.nan
    capped[~is_judged] = scale.worst
    return Panel(
        rubric=rubric,
        judge=judge,
        models=models,
        dimensions=scale.keys,
        samples=rows.select("sample_id", "theme", "subtheme"),
        themes=rows["theme"]
        .replace_strict({name: code for code, name in enumerate(theme_names)}, return_dtype=pl.Int64)
        .to_numpy(),
        theme_names=theme_names,
        clips=rows["clip"].to_numpy(),
        capped=capped,
        raw=raw,
        is_judged=is_judged,
    )


def _different_ids(lacking: Mapping[str, Sequence[str]], total: int, where: str) -> StaleTableError:
    told = [
        f"{model} lacks {len(ids):,} ({', '.join(ids[:_SHOWN])}{', ...' if len(ids) > _SHOWN else ''})"
        for model, ids in lacking.items()
        if ids
    ]
    return StaleTableError(
        f"Not all models were judged on the {total:,} samples of the benchmark",
        where=f"bench_judgments, {where}",
        got="; ".join(told),
        allowed="a judgment of each sample, also a failed one, for each model",
        todo=f"judge the rest: {_EVALUATE} --params bench_evaluate.limit=null. Or count what lacks as the worst: --params "
        "bench_report.missing_judgments=worst; or compare on the samples that all were judged on: --params "
        "bench_report.missing_judgments=common",
    )
