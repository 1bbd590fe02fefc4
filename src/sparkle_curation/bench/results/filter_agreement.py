"""How the judge that filtered the data agrees with the one that evaluates, on samples that both saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from sparkle_curation.bench.results.panel import Panel
from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.errors import MissingTableError, ParameterError, did_you_mean
from sparkle_curation.spec.tables.bench_results import BENCH_FILTER_AGREEMENT_COLUMNS
from sparkle_curation.spec.themes import TOTAL


def measure_filter_agreement(
    panels: Sequence[Panel], model: str | None, filter_scores: pl.DataFrame, column: str, threshold: float
) -> pl.DataFrame:
    """The agreement (``BENCH_FILTER_AGREEMENT_COLUMNS``) by theme, then in total; no row where no model is named.

    Args:
        panels: from ``build_panels``.
        model: the one whose outputs are the videos that the filter's judge scored, such as the release's own edited videos.
        filter_scores: ``id`` and the score; without columns where there is no such table.
        column: of the score.
        threshold: of the filter.

    Raises:
        ParameterError: the model was not judged.
        MissingTableError: there are no scores of the filter's judge, or none of the samples of the benchmark.
    """
    empty = pl.DataFrame(schema=frame_schema(BENCH_FILTER_AGREEMENT_COLUMNS))
    if model is None:
        return empty
    known = sorted({name for panel in panels for name in panel.models})
    if model not in known:
        raise ParameterError(
            "The model whose outputs the filter's judge saw is none of the report",
            where="bench_report.filter_judge.model",
            got=model,
            allowed=", ".join(known),
            todo=did_you_mean(model, known) or "judge it first: kedro run --pipelines bench_evaluate",
        )
    rows = []
    for panel in panels:
        if model in panel.models:
            pairs = _pair(panel, panel.models.index(model), filter_scores, column)
            named = {"model": model, "rubric": panel.rubric, "judge": panel.judge}
            rows += [
                {**named, "theme": theme, **_figures(pairs.filter(pl.col("theme") == theme), threshold)}
                for theme in panel.theme_names
            ]
            rows.append({**named, "theme": TOTAL, **_figures(pairs, threshold)})
    if not any(row["n_samples"] for row in rows):
        raise MissingTableError(
            "No sample of the benchmark has a score of the judge that filtered the data",
            where="bench_report.filter_judge",
            got=f"{filter_scores.height:,} scores, none of them of a judged sample",
            allowed="scores of the same ids",
            todo="ingest the release that has them: kedro run --pipelines ingest; or score: kedro run --pipelines score",
        )
    return pl.DataFrame(rows, schema=empty.schema, orient="row")


def _pair(panel: Panel, code: int, filter_scores: pl.DataFrame, column: str) -> pl.DataFrame:
    """``theme``, ``filtered`` and ``evaluated`` of the judged samples that the filter's judge scored."""
    own = panel.samples.with_columns(
        pl.Series("evaluated", panel.capped[:, code].mean(axis=1)),
        pl.Series("is_judged", panel.is_judged[:, code]),
    ).filter("is_judged")
    if column not in filter_scores.columns:
        return own.select("theme", pl.lit(None, pl.Float64).alias("filtered"), "evaluated").clear()
    scored = filter_scores.filter(pl.col(column).is_finite()).select("id", pl.col(column).alias("filtered"))
    return own.join(scored, left_on="sample_id", right_on="id").select("theme", "filtered", "evaluated")


def _figures(pairs: pl.DataFrame, threshold: float) -> dict[str, Any]:
    is_passed = pl.col("filtered") >= threshold
    passed, rejected = pairs.filter(is_passed)["evaluated"], pairs.filter(~is_passed)["evaluated"]
    varies = pairs.height > 1 and pairs["filtered"].n_unique() > 1 and pairs["evaluated"].n_unique() > 1
    auc = None
    if len(passed) and len(rejected):
        ranks = pairs.select(pl.col("evaluated").rank("average"), is_passed.alias("is_passed"))
        above = float(ranks.filter("is_passed")["evaluated"].sum()) - len(passed) * (len(passed) + 1) / 2
        auc = above / (len(passed) * len(rejected))
    return {
        "n_samples": pairs.height,
        "spearman": pairs.select(pl.corr("filtered", "evaluated", method="spearman")).item()
        if varies
        else None,
        "n_passed": len(passed),
        "mean_passed": passed.mean(),
        "n_rejected": len(rejected),
        "mean_rejected": rejected.mean(),
        "auc": auc,
    }
