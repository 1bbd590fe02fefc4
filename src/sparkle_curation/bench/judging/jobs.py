"""What is to be judged: one job per model, sample and repeat, known by everything that its judgment depends on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl
import xxhash

from sparkle_curation.bench.judging.budget import Rates
from sparkle_curation.bench.judging.judge import BenchJudge
from sparkle_curation.bench.samples.places import MODEL_ROOT
from sparkle_curation.engine.caching.costly_work import digests
from sparkle_curation.errors import ParameterError, StaleTableError, did_you_mean
from sparkle_curation.spec.codes.bench_reasons import OutputDifference, OutputState
from sparkle_curation.spec.codes.bench_states import CopyOf, JudgmentState

TOKENS, FRAMES = "tokens_in", "frames_shown"
PICTURES = pl.col(TOKENS).cast(pl.Int64)
"""Of a job, about what it takes."""

_SHOWN = ["theme", "edit_prompt", "source_hash", "edited_hash", "repeat"]
"""What of a job decides its judgment; neither the model nor the sample: two equal files are judged once."""


@dataclass(frozen=True)
class JudgeScope:
    """Which samples are to be judged in a run; what was judged before counts all the same.

    Attributes:
        models: names; None for all.
        limit: most samples of a model; None for all.
        repeats: how often a sample of the subset is judged, 1 for once.
        repeated_samples: most samples that are judged more than once, the same of each model; None for all.
    """

    models: Sequence[str] | None = None
    limit: int | None = None
    repeats: int = 1
    repeated_samples: int | None = None


def list_jobs(
    samples: pl.DataFrame,
    outputs: pl.DataFrame,
    scope: JudgeScope,
    judge: BenchJudge,
    rates: Rates,
) -> pl.DataFrame:
    """The jobs, a row each, and those that cannot be judged, with why: each model and sample has a row, and one each repeat.

    Columns: those of ``JudgeJob``; ``model``, ``model_root``, ``repeat``, ``copy_of``; ``tokens_in``, ``frames_shown``, of
    both videos, about; ``state``, what is known before the judge is asked, null where it is to be asked; ``error``, the
    same; ``error_detail``; ``is_asked``.

    Args:
        samples: ``bench_samples``.
        outputs: ``bench_outputs``.
        scope: which are to be judged now.
        judge: who judges.
        rates: what is assumed of the tokens of a question.

    Raises:
        ParameterError: a model of the scope has no outputs.
        StaleTableError: the outputs were looked at for other samples.
    """
    models = outputs["model"].unique(maintain_order=True).to_list()
    for name in scope.models or []:
        if name not in models:
            raise ParameterError(
                "A model is named whose outputs were not looked at",
                where="bench_evaluate.models, bench_models",
                got=name,
                allowed=", ".join(models) or "none: bench_outputs is empty",
                todo=did_you_mean(name, models)
                or f"look at them first: kedro run --pipelines bench_outputs --params bench_models.{name}=/path/to/outputs",
            )
    _check_samples(samples, outputs)
    pairs = _pairs(samples, outputs)
    repeated = choose_repeated(samples, scope.repeated_samples)
    rounds = [pairs.with_columns(repeat=pl.lit(0, pl.Int32))]
    for number in range(1, scope.repeats):
        again = pairs.filter(pl.col("id").is_in(repeated))
        rounds.append(again.with_columns(repeat=pl.lit(number, pl.Int32)))
    jobs = pl.concat(rounds)
    is_open = pl.col("state").is_null()
    is_wanted = is_open if scope.models is None else is_open & pl.col("model").is_in(scope.models)
    place = is_wanted.cum_sum().over("model", "repeat")
    is_asked = is_wanted if scope.limit is None else is_wanted & (place <= scope.limit)
    return jobs.with_columns(
        digests(jobs, f"bench {judge.digest}", _SHOWN),
        *_sizes(jobs, judge, rates),
        is_asked.alias("is_asked"),
        pl.col("state").alias("error"),
    )


def _check_samples(samples: pl.DataFrame, outputs: pl.DataFrame) -> None:
    """Nothing, where each model's outputs were looked for by the samples of the benchmark as it is now.

    Each sample has a row of each model, there or not; without this one of another benchmark would count as missing.
    """
    wanted = set(samples["sample_id"])
    for (model,), rows in outputs.group_by("model", maintain_order=True):
        odd = wanted.symmetric_difference(rows["sample_id"])
        if odd:
            raise StaleTableError(
                "The outputs of a model were looked at for other samples than the benchmark has",
                where=f"bench_outputs, {model}",
                got=f"{len(odd):,} of the one and not of the other, such as {min(odd)}",
                allowed=f"a row for each of the {len(wanted):,} samples of bench_samples, and no other",
                todo="was another benchmark ingested since? Look at the outputs again: kedro run --pipelines bench_outputs "
                f"--params bench_models.{model}=/path/to/its/outputs",
            )


def choose_repeated(samples: pl.DataFrame, count: int | None) -> Collection[str]:
    """The ids of samples that are judged more than once: of each theme its share, as their ids' digests choose.

    Args:
        samples: ``bench_samples``.
        count: how many; None for all.
    """
    ids = samples.select("sample_id", "theme").unique(maintain_order=True)
    if count is None or count >= ids.height:
        return ids["sample_id"].to_list()
    order = pl.Series(
        "order", [xxhash.xxh3_64_intdigest(name.encode()) for name in ids["sample_id"]], pl.UInt64
    )
    within = ids.with_columns(order).sort("order").with_columns(place=pl.int_range(pl.len()).over("theme"))
    # Themes take turns by the share of theirs that is taken, so that each has about the same.
    spread = within.with_columns(share=(pl.col("place") + 0.5) / pl.len().over("theme")).sort(
        "share", "order"
    )
    return spread["sample_id"].head(count).to_list()


def _pairs(samples: pl.DataFrame, outputs: pl.DataFrame) -> pl.DataFrame:
    """Each model with each sample, in this order, and what keeps the pair from being judged."""
    sources = samples.select(
        "sample_id",
        "theme",
        "subtheme",
        "edit_prompt",
        "source_path",
        pl.col("content_hash").alias("source_hash"),
        pl.col("frames").alias("source_frames"),
        pl.col("fps").alias("source_fps"),
        "source_error",
        has_place=pl.col("output_path").is_not_null(),
    ).unique("sample_id", keep="first", maintain_order=True)
    edited = outputs.select(
        "model",
        "sample_id",
        pl.col("path").alias("edited_path"),
        pl.col("content_hash").alias("edited_hash"),
        pl.col("frames").alias("edited_frames"),
        pl.col("fps").alias("edited_fps"),
        pl.col("state").alias("output_state"),
        pl.col("error").alias("output_error"),
        pl.col("error_detail").alias("output_detail"),
        _copy_of().alias("copy_of"),
        MODEL_ROOT,
    ).unique(["model", "sample_id"], keep="first", maintain_order=True)
    models = outputs.select("model").unique(maintain_order=True)
    pairs = models.join(sources, how="cross").join(
        edited, on=["model", "sample_id"], how="left", maintain_order="left"
    )
    is_there = pl.col("output_state") == OutputState.THERE.value
    no_source = pl.col("source_hash").is_null() & (
        pl.col("source_error").is_null() | (pl.col("source_error") == OutputState.MISSING.value)
    )
    state = (
        pl.when(~pl.col("has_place"))
        .then(pl.lit(JudgmentState.MISSING_METADATA.value))
        .when(no_source)
        .then(pl.lit(JudgmentState.MISSING_SOURCE.value))
        .when(pl.col("output_state").is_null() | (pl.col("output_state") == OutputState.MISSING.value))
        .then(pl.lit(JudgmentState.MISSING_EDITED.value))
        .when(pl.col("source_error").is_not_null() | ~is_there | pl.col("edited_hash").is_null())
        .then(pl.lit(JudgmentState.BROKEN.value))
    )
    detail = pl.when(pl.col("source_error").is_not_null()).then(
        pl.concat_str(pl.lit("source: "), "source_error")
    )
    return pairs.with_columns(
        state.alias("state"),
        pl.coalesce(detail, "output_detail", "output_error").alias("error_detail"),
        pl.col("sample_id").alias("id"),
    )


def _copy_of() -> pl.Expr:
    """What an output is a copy of, by what ``bench_outputs`` found."""
    has = pl.col("differences").list.contains
    return (
        pl.when(has(OutputDifference.SAME_AS_SOURCE.value))
        .then(pl.lit(CopyOf.SOURCE.value))
        .when(has(OutputDifference.SAME_AS_ANOTHER.value))
        .then(pl.lit(CopyOf.ANOTHER.value))
    )


def _sizes(jobs: pl.DataFrame, judge: BenchJudge, rates: Rates) -> tuple[pl.Series, pl.Series]:
    """About how many tokens a question takes, and at how many frames the judge looks."""
    columns = ("theme", "edit_prompt", "source_frames", "source_fps", "edited_frames", "edited_fps")
    rate = judge.settings.shown_rate
    tokens, frames = [], []
    for theme, edit_prompt, s_frames, s_fps, e_frames, e_fps in jobs.select(columns).iter_rows():
        seconds = [(count or 0) / (fps or 1.0) for count, fps in ((s_frames, s_fps), (e_frames, e_fps))]
        frames.append(rates.frames_in(seconds, rate))
        tokens.append(rates.tokens_in(judge.instructions.ask(theme, edit_prompt), seconds, rate))
    return pl.Series(TOKENS, tokens, pl.Int64), pl.Series(FRAMES, frames, pl.Int64)
