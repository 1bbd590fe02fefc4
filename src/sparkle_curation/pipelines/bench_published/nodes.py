"""The nodes of ``bench_published``: the scores that can be used, and what is wrong with the files."""

from __future__ import annotations

import logging
from collections import Counter

import polars as pl

from sparkle_curation.bench.judging import published_scores
from sparkle_curation.bench.judging.rubric import choose_rubric, name_rubric
from sparkle_curation.bench.samples.outputs import open_model
from sparkle_curation.pipelines.bench_published.params import BenchPublishedGroup

logger = logging.getLogger(__name__)


def read_published_scores(
    bench_samples: pl.LazyFrame, rubrics: dict[str, str], models: dict[str, str], params: BenchPublishedGroup
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The scores in the folders of the models, and what is wrong with their files; both are logged in a line a model.

    Raises:
        ParameterError: there is no such rubric.
        ReleaseError: a folder is not there, or none has a file of scores.
    """
    samples = bench_samples.collect()
    opened = {model: open_model(model, folder) for model, folder in models.items()}
    name = name_rubric(params.rubric, samples["theme"])
    rubric = choose_rubric(name, rubrics)
    scores, faults = published_scores.read_published(opened, samples, name, rubric)
    for model in opened:
        mine = faults.filter(pl.col("model") == model)
        told = ", ".join(f"{count:,} {fault}" for fault, count in Counter(mine["fault"]).most_common())
        logger.info(
            "%s: published scores of %s of %s samples; %s",
            model,
            f"{scores.filter(pl.col('model') == model)['sample_id'].n_unique():,}",
            f"{samples.height:,}",
            f"{told}: see bench_published_faults.csv" if told else "nothing is wrong with them",
        )
    return scores, faults
