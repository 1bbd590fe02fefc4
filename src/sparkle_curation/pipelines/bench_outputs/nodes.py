"""The nodes of ``bench_outputs``: what each model made of each sample, and the counts."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.bench.samples import outputs
from sparkle_curation.bench.samples.places import MODEL_ROOT, noted_root
from sparkle_curation.errors import EmptyOutputError, MissingTableError, ParameterError
from sparkle_curation.pipelines.bench_outputs.params import BenchOutputsGroup
from sparkle_curation.spec.benchmark import BENCHMARK
from sparkle_curation.spec.codes.bench_reasons import OutputState

logger = logging.getLogger(__name__)


def examine_outputs(
    bench_samples: pl.LazyFrame, models: dict[str, str], params: BenchOutputsGroup
) -> pl.DataFrame:
    """What each model made of each sample: one row per model and sample, there or not.

    Raises:
        ParameterError: no model is named.
        MissingTableError: the benchmark has no sample.
        ReleaseError: the folder of a model is not there.
        EmptyOutputError: no model has any output.
    """
    samples = bench_samples.collect()
    if samples.is_empty():
        raise MissingTableError(
            "There is no sample of a benchmark to compare outputs with",
            where="bench_samples",
            todo="ingest one first: kedro run --pipelines bench_ingest --params bench_root=/path/to/benchmark",
        )
    if not models:
        raise ParameterError(
            "No model is named whose outputs are to be looked at",
            where="bench_models",
            got="{}",
            allowed="a folder for each model, by its name",
            todo="--params bench_models.NAME=/path/to/its/outputs",
        )
    opened = {model: outputs.open_model(model, folder) for model, folder in models.items()}
    tables = []
    for model, files in opened.items():
        found = outputs.examine_outputs(model, files, samples, BENCHMARK, decode=params.decode)
        root = pl.lit(noted_root(models[model]), pl.String)
        tables.append(found.table.with_columns(root.alias(MODEL_ROOT)))
        if found.strays:
            logger.warning(
                "%s: %s videos in its folder are of no sample of the benchmark, such as %s",
                model,
                f"{len(found.strays):,}",
                found.strays[0],
            )
        if (found.table["state"] == OutputState.MISSING).all():
            below = [name for name in files.folders_in() if name not in set(samples["theme"])]
            hint = f"; its folder holds {', '.join(below[:5])}: is it the one above?" if below else ""
            logger.warning("%s: no output is there%s", model, hint)
    found_any = pl.concat(tables)
    if (found_any["state"] == OutputState.MISSING).all():
        raise EmptyOutputError(
            "No model has an output of any sample of the benchmark, so the table is left as it was",
            where=", ".join(f"bench_models.{model}" for model in models),
            got=", ".join(models.values()),
            allowed=" ".join(
                ["folders that hold outputs, such as", *samples["output_path"].drop_nulls().head(1)]
            ),
            todo="see whether the folders are right, and of this benchmark: --params bench_models.NAME=/path/to/its/outputs",
        )
    return found_any


def count_outputs(bench_outputs: pl.LazyFrame, bench_samples: pl.LazyFrame) -> pl.DataFrame:
    """The counts by model and theme; what each model's come to is logged."""
    table, samples = bench_outputs.collect(), bench_samples.collect()
    for line in outputs.describe_outputs(table):
        logger.info("%s", line)
    for line in outputs.describe_rates(table, samples):
        logger.warning("%s", line)
    return outputs.count_outputs(table)
