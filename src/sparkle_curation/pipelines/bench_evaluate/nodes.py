"""The nodes of ``bench_evaluate``: who judges, what is to be judged, the answers, and the scores that they come to."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import polars as pl

from sparkle_curation.bench.judging import jobs as judging_jobs
from sparkle_curation.bench.judging import tables
from sparkle_curation.bench.judging.asking import ask_for_judgments
from sparkle_curation.bench.judging.budget import Price, find_price
from sparkle_curation.bench.judging.judge import BenchJudge
from sparkle_curation.bench.judging.rubric import (
    choose_rubric,
    name_rubric,
    own_instructions,
    published_instructions,
)
from sparkle_curation.bench.samples.outputs import open_model
from sparkle_curation.bench.samples.places import model_roots_of
from sparkle_curation.engine.dry_run import end_well
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.errors import MissingTableError, ParameterError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.models.choice import choose_video_model
from sparkle_curation.pipelines.bench_evaluate.params import BenchEvaluateGroup

logger = logging.getLogger(__name__)


def choose_bench_judge(
    bench_samples: pl.LazyFrame,
    rubrics: dict[str, str],
    server_key: str,
    gemini_key: str,
    params: BenchEvaluateGroup,
) -> BenchJudge:
    """Who judges: the model, described and not loaded, with its rubric and settings.

    Args:
        bench_samples: of the benchmark, which has a rubric of its own.
        rubrics: files of ``conf/base/prompts/rubrics/`` by name.
        server_key: of a server.
        gemini_key: of Gemini.
        params: who judges, and by what.

    Raises:
        ModelError: the model is not pinned.
        ParameterError: there is no such rubric, its published words are not where they were said to be, or a frame rate
            cannot be told.
    """
    if params.frame_rate is not None and params.judge.backend == "server" and not params.is_of_frames:
        raise ParameterError(
            "A frame rate cannot be told to a server that is sent videos: its protocol has no place for it",
            where="bench_evaluate.frame_rate",
            got=params.frame_rate,
            allowed="null, with the backend server and videos",
            todo="show frames, --params bench_evaluate.judge.video_part=frames; or ask Gemini by its own API, "
            "bench_evaluate.judge.backend=gemini; or leave it to the judge, bench_evaluate.frame_rate=null",
        )
    themes = bench_samples.select("theme").unique().collect()["theme"]
    name = name_rubric(params.rubric, themes)
    rubric = choose_rubric(name, rubrics)
    if params.rubric_checkout is None:
        instructions = own_instructions(name, rubric, rubrics)
    else:
        instructions = published_instructions(name, rubric, Path(params.rubric_checkout).expanduser())
    model = choose_video_model(params.judge, params.sampling, server_key, gemini_key)
    judge = BenchJudge(model, instructions, params.settings)
    rate = judge.settings.shown_rate
    logger.info(
        "judge: %s (revision %s), %s, with the rubric '%s' in the words of %s",
        judge.name,
        judge.provenance["revision"],
        "at frames of its own choice" if rate is None else f"{rate:g} frames a second",
        name,
        "this project" if instructions.origin == "own" else instructions.origin,
    )
    return judge


def list_bench_jobs(
    bench_samples: pl.LazyFrame,
    bench_outputs: pl.LazyFrame,
    bench_judge: BenchJudge,
    models: dict[str, str],
    params: BenchEvaluateGroup,
) -> pl.DataFrame:
    """What is to be judged, a row per model, sample and repeat, and what cannot be, with why.

    Asked about are the models that ``bench_evaluate.models`` names; else those whose folders this run names; else all.

    Raises:
        MissingTableError: there are no outputs of any model.
        ParameterError: a model that is named has no outputs.
        StaleTableError: the outputs were looked at for other samples.
    """
    samples, outputs = bench_samples.collect(), bench_outputs.collect()
    if samples.is_empty() or outputs.is_empty():
        raise MissingTableError(
            "There is no output of a model to judge",
            where="bench_outputs" if samples.height else "bench_samples",
            got="no row",
            todo="kedro run --pipelines bench_ingest,bench_outputs --params bench_models.NAME=/path/to/its/outputs",
        )
    scope = replace(params.scope, models=params.models or list(models) or None)
    return judging_jobs.list_jobs(samples, outputs, scope, bench_judge, params.rates)


def ask_bench_judge(
    bench_jobs: pl.DataFrame,
    bench_judge: BenchJudge,
    benchmark: ReleaseFiles | None,
    models: dict[str, str],
    journal: Journal,
    params: BenchEvaluateGroup,
    dry_run: bool,
) -> JournalRows:
    """The answers to all that was asked, now or before.

    Raises:
        ModelError: the judge cannot be had, or cannot answer, or costs more than it may; what was answered is kept.
        ParameterError: nothing says what the judge costs or may cost, or where the files are.
    """
    if benchmark is None:
        raise ParameterError(
            "There is no benchmark to show the judge",
            where="bench_root",
            got="null",
            allowed="the folder that bench_ingest has read",
            todo="--params bench_root=/path/to/the/benchmark",
        )
    wanted = bench_jobs.filter("is_asked")["model"].unique(maintain_order=True).to_list()
    roots = model_roots_of(bench_jobs, models)
    for model in wanted:
        if model not in roots:
            raise ParameterError(
                "The folder of a model's outputs is not named",
                where=f"bench_models.{model}",
                got="nothing",
                allowed="the folder that bench_outputs has looked at",
                todo=f"--params bench_models.{model}=/path/to/its/outputs",
            )
    outcome = ask_for_judgments(
        bench_jobs,
        bench_judge,
        (benchmark, {model: open_model(model, roots[model]) for model in wanted}),
        journal,
        params.how(
            find_price(params.price_list, params.judge.name)
            if params.is_paid and dry_run
            else _price(params),
            dry_run=dry_run,
        ),
    )
    if isinstance(outcome, str):
        end_well(outcome)
    return outcome


def tabulate_judgments(
    bench_jobs: pl.DataFrame, bench_answers: JournalRows, bench_judge: BenchJudge, params: BenchEvaluateGroup
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The judgments, each model and sample in one state, and the scores of those that were judged.

    Raises:
        ConservationError: something that was asked has no answer.
        ModelError: two models have answered under the name of one.
    """
    price = _price(params) if params.is_paid else None
    judged = tables.Judged(bench_judge, price, params.ignoring_sampling)
    judgments, scores = tables.tabulate(bench_jobs, bench_answers, judged)
    for line in tables.describe(judgments):
        logger.info("%s", line)
    return judgments, scores


def _price(params: BenchEvaluateGroup) -> Price | None:
    """What the judge costs; None for one that costs nothing.

    Raises:
        ParameterError: it is paid for, and the price table does not have it.
    """
    if not params.is_paid:
        return None
    price = find_price(params.price_list, params.judge.name)
    if price is None:
        raise ParameterError(
            "The price of a judge is not known",
            where="bench_evaluate.prices",
            got=params.judge.name,
            allowed=", ".join(each.model for each in params.prices) or "none is listed",
            todo=f'add {{ model: "{params.judge.name}", input: DOLLARS, output: DOLLARS }} to prices in '
            "conf/local/parameters.yml; or, for a server of your own, --params bench_evaluate.is_free=true",
        )
    return price
