"""What the page of models is drawn from: samples, outputs, judgments of one's own and of others, and differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sparkle_curation.bench.results.collecting import JUDGMENT_SCHEMA, SCORE_SCHEMA, collect, read_scales
from sparkle_curation.bench.results.panel import JUDGED
from sparkle_curation.engine.any_frame import AnyFrame

_ANSWER = ["model", "sample_id", "rubric", "judge"]


@dataclass(frozen=True)
class BenchTables:
    """The tables of a benchmark.

    Attributes:
        samples: of it; without rows where there is none.
        outputs: of the models.
        judgments: columns of ``bench.results.collecting.JUDGMENT_SCHEMA``.
        scores: columns of ``bench.results.collecting.SCORE_SCHEMA``.
        differences: columns of ``bench_differences``; without columns where no report was made.
        worst: the worst of the scale, by rubric: what a sample without scores counts as.
        root: folder of the benchmark.
        model_roots: folder of each model's outputs, by its name, as far as they are given.
    """

    samples: pl.DataFrame
    outputs: pl.DataFrame
    judgments: pl.DataFrame
    scores: pl.DataFrame
    differences: pl.DataFrame
    worst: Mapping[str, float]
    root: str
    model_roots: Mapping[str, str]

    def overall(self) -> pl.DataFrame:
        """One row per model, sample, rubric and judge: ``overall``, ``low``, ``high``, ``repeats``, ``state``.

        ``overall`` is the mean over the repeats of the means of capped scores, a repeat without scores at the worst of the
        scale, as in the headline of a report; ``low`` and ``high`` are the least and largest of the repeats; ``state`` says
        why one has no scores, else null.
        """
        means = self.scores.group_by(*_ANSWER, "repeat").agg(pl.col("capped_score").mean().alias("mean"))
        worst = pl.col("rubric").replace_strict(dict(self.worst), return_dtype=pl.Float64, default=None)
        is_judged = pl.col("state") == JUDGED
        value = pl.when(is_judged).then("mean").otherwise(worst)
        return (
            self.judgments.join(means, on=[*_ANSWER, "repeat"], how="left")
            .with_columns(value.alias("value"), pl.when(~is_judged).then("state").alias("state"))
            .group_by(_ANSWER)
            .agg(
                pl.col("value").mean().alias("overall"),
                pl.col("value").min().alias("low"),
                pl.col("value").max().alias("high"),
                pl.len().alias("repeats"),
                pl.col("state").drop_nulls().first(),
            )
            .sort(_ANSWER)
        )


def collect_bench(  # noqa: PLR0913, PLR0917 -- a table each
    samples: AnyFrame,
    outputs: AnyFrame,
    judgments: AnyFrame,
    scores: AnyFrame,
    published: AnyFrame,
    differences: AnyFrame,
    rubrics: Mapping[str, str],
    root: str,
    model_roots: Mapping[str, str],
) -> BenchTables:
    """The tables as a report takes them; each may be without columns where it was not made.

    Args:
        samples: ``bench_samples``.
        outputs: ``bench_outputs``.
        judgments: ``bench_judgments``.
        scores: ``bench_scores``.
        published: ``bench_published_scores``.
        differences: ``bench_differences``.
        rubrics: files of ``conf/base/prompts/rubrics/`` by name.
        root: folder of the benchmark.
        model_roots: folder of each model's outputs, by its name.
    """
    known = samples.lazy().collect()
    scales = read_scales(rubrics)
    if known.is_empty():
        found = pl.DataFrame(schema=JUDGMENT_SCHEMA), pl.DataFrame(schema=SCORE_SCHEMA)
    else:
        found = collect(judgments, scores, published, known, scales)
    return BenchTables(
        known,
        outputs.lazy().collect(),
        *found,
        differences.lazy().collect(),
        {name: float(each.worst) for name, each in scales.items()},
        root,
        model_roots,
    )


def no_tables() -> BenchTables:
    """Those of no benchmark."""
    none = pl.DataFrame()
    return collect_bench(none, none, none, none, none, none, {}, "", {})
