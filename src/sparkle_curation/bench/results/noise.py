"""What a report is uncertain about beside the choice of samples: the judge, and the training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from sparkle_curation.bench.results.intervals import Floats
from sparkle_curation.bench.results.panel import JUDGED, Panel
from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.errors import ParameterError, did_you_mean
from sparkle_curation.spec.tables.bench_results import (
    BENCH_JUDGE_NOISE_COLUMNS,
    BENCH_VARIANCE_COLUMNS,
    OVERALL,
)

_ANSWER = ["rubric", "judge", "model", "sample_id"]
_OF = ["rubric", "judge", "dimension"]


def measure_judge_noise(judgments: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """How a judge's answers about one sample differ (``BENCH_JUDGE_NOISE_COLUMNS``); no row where none was judged twice.

    Args:
        judgments: with ``repeat`` and ``state``.
        scores: their capped scores.
    """
    repeated = judgments.group_by(_ANSWER, maintain_order=True).agg(
        pl.len().alias("n_answers"), (pl.col("state") == JUDGED).alias("is_judged")
    )
    repeated = repeated.filter(pl.col("n_answers") > 1)
    is_changed = pl.col("is_judged").list.any() & ~pl.col("is_judged").list.all()
    changed = {
        (rubric, judge): count
        for rubric, judge, count in repeated.group_by("rubric", "judge").agg(is_changed.sum()).iter_rows()
    }
    of_judged = scores.join(
        judgments.filter(pl.col("state") == JUDGED).select(*_ANSWER, "repeat"),
        on=[*_ANSWER, "repeat"],
        how="semi",
    ).join(repeated.select(_ANSWER), on=_ANSWER, how="semi")
    overall = (
        of_judged.group_by(*_ANSWER, "repeat", maintain_order=True)
        .agg(pl.col("capped_score").mean())
        .with_columns(pl.lit(OVERALL).alias("dimension"))
    )
    columns = [*_ANSWER, "repeat", "dimension", "capped_score"]
    values = pl.concat(
        [
            each.select(columns).with_columns(pl.col("capped_score").cast(pl.Float64))
            for each in (of_judged, overall)
        ]
    )
    by_sample = (
        values.group_by(*_ANSWER, "dimension", maintain_order=True)
        .agg(pl.col("capped_score").alias("answers"))
        .filter(pl.col("answers").list.len() > 1)
    )
    rows = []
    for key, group in by_sample.group_by(_OF, maintain_order=True):
        answers = [np.array(each) for each in group["answers"]]
        sizes = np.array([len(each) for each in answers])
        within = float(sum(((each - each.mean()) ** 2).sum() for each in answers) / (sizes - 1).sum())
        distances = np.concatenate([_distances(each) for each in answers])
        means = np.array([each.mean() for each in answers])
        between = max(0.0, float(means.var(ddof=1) - within / sizes.mean())) if len(means) > 1 else 0.0
        rows.append(
            {
                **dict(zip(_OF, key, strict=True)),
                "n_samples": len(answers),
                "n_changed_state": changed[key[0], key[1]],
                "noise_sd": within**0.5,
                "mean_absolute_difference": float(distances.mean()),
                "same_share": float((distances < 1e-9).mean()),
                "noise_share": within / (within + between) if within + between else None,
            }
        )
    return pl.DataFrame(rows, schema=frame_schema(BENCH_JUDGE_NOISE_COLUMNS))


def _distances(answers: Floats) -> Floats:
    first, second = np.triu_indices(len(answers), 1)
    return np.asarray(np.abs(answers[first] - answers[second]))


def split_variances(
    panels: Sequence[Panel], runs: Mapping[str, Sequence[str]], noise: pl.DataFrame
) -> pl.DataFrame:
    """Seed, sample and judge variance apart (``BENCH_VARIANCE_COLUMNS``), by an analysis of variance of runs by samples.

    A score is the mean of its theme, plus what the training run, the sample, the two together, and the judge's answer
    add. What differs between macro means of the runs is the seed's, less what the two last explain of it; negative
    estimates are 0.

    Args:
        panels: from ``build_panels``.
        runs: variant -> models that are training runs of it.
        noise: from ``measure_judge_noise``.

    Raises:
        ParameterError: a model was not judged, or a variant has a single run.
    """
    rows: list[dict[str, Any]] = []
    known = {model for panel in panels for model in panel.models}
    for variant, models in runs.items():
        for model in models:
            if model not in known:
                raise ParameterError(
                    "A training run is none of the models of the report",
                    where=f"bench_report.training_runs.{variant}",
                    got=model,
                    allowed=", ".join(sorted(known)),
                    todo=did_you_mean(model, known) or "judge it first: kedro run --pipelines bench_evaluate",
                )
        if len(set(models)) < 2:
            raise ParameterError(
                "One training run does not tell how runs differ",
                where=f"bench_report.training_runs.{variant}",
                got=", ".join(models) or "none",
                allowed="two or more models that were trained alike but for the seed",
                todo="name another run, or leave the variant out",
            )
        for panel in panels:
            codes = [panel.models.index(model) for model in dict.fromkeys(models) if model in panel.models]
            if len(codes) > 1:
                rows += _variance_rows(variant, panel, codes, noise)
    return pl.DataFrame(rows, schema=frame_schema(BENCH_VARIANCE_COLUMNS), orient="row")


def _variance_rows(variant: str, panel: Panel, codes: list[int], noise: pl.DataFrame) -> list[dict[str, Any]]:
    judge_variances = {
        dimension: sd**2
        for rubric, judge, dimension, sd in noise.select(
            "rubric", "judge", "dimension", "noise_sd"
        ).iter_rows()
        if (rubric, judge) == (panel.rubric, panel.judge)
    }
    rows = []
    for place, dimension in enumerate((*panel.dimensions, OVERALL)):
        of_runs = panel.capped[:, codes]
        values = of_runs.mean(axis=2) if dimension == OVERALL else of_runs[:, :, place]
        found = _components(values, panel.themes, judge_variances.get(dimension))
        rows.append(
            {
                "variant": variant,
                "rubric": panel.rubric,
                "judge": panel.judge,
                "dimension": dimension,
                "n_runs": len(codes),
                "n_rows": len(values),
                **found,
            }
        )
    return rows


def _components(values: Floats, themes: Any, judge_variance: float | None) -> dict[str, float | None]:
    """The components of (samples, runs) scores, and what each adds to the standard error of the mean of the macros."""
    runs = values.shape[1]
    counts = np.bincount(themes)
    weights = 1 / (len(counts) * counts[themes])
    shared = float((weights**2).sum())
    by_theme = np.stack([values[themes == code].mean(axis=0) for code in range(len(counts))])
    inner = values - by_theme[themes]  # of each run, within its theme
    of_sample = inner.mean(axis=1)
    freedom = max(1, len(values) - len(counts))
    rest = float(((inner - of_sample[:, None]) ** 2).sum() / (freedom * (runs - 1)))
    macros = by_theme.mean(axis=0)
    seed = max(0.0, float(macros.var(ddof=1)) - shared * rest)
    sample = max(0.0, float((of_sample**2).sum() / freedom) - rest / runs)
    together = rest if judge_variance is None else max(0.0, rest - judge_variance)
    parts = {
        "seed_se": seed / runs,
        "sample_se": shared * (sample + together / runs),
        "judge_se": None if judge_variance is None else shared * judge_variance / runs,
    }
    return {
        "mean": float(macros.mean()),
        "seed_variance": seed,
        "sample_variance": sample,
        "seed_by_sample_variance": together,
        "judge_variance": judge_variance,
        **{name: None if part is None else part**0.5 for name, part in parts.items()},
        "total_se": sum(part or 0.0 for part in parts.values()) ** 0.5,
    }
