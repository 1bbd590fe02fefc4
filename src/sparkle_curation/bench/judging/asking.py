"""Asking a judge what the journal lacks, and before that what it takes and costs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from sparkle_curation.bench.judging.batches import Answering, BatchJudge, JudgeJob
from sparkle_curation.bench.judging.budget import (
    Budget,
    Estimate,
    Price,
    Rates,
    check_budget,
    cost_of,
    usage_of,
)
from sparkle_curation.bench.judging.jobs import FRAMES, PICTURES, TOKENS
from sparkle_curation.bench.judging.judge import BenchJudge
from sparkle_curation.bench.judging.tables import answers_of
from sparkle_curation.engine import dry_run
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.model_jobs import asking

logger = logging.getLogger(__name__)

TITLE = "judgments"


@dataclass(frozen=True)
class How:
    """How a judge is asked.

    Attributes:
        price: of it; None for one that costs nothing, and in a dry run for one whose price is not known.
        max_cost: what it may cost; None for not said.
        rates: what is assumed of it.
        threads: so many questions are under way to a server; None for a model in this process.
        batch_size: of such a model, samples between two writes to the journal.
        give_up_after: so many samples without one answer that can be read end the run; None for none.
        is_dry: only tell what it would take.
        is_paid: whether it costs money.
    """

    price: Price | None
    max_cost: float | None
    rates: Rates
    threads: int | None
    batch_size: int
    give_up_after: int | None
    is_dry: bool = False
    is_paid: bool = False


def ask_for_judgments(
    jobs: pl.DataFrame,
    judge: BenchJudge,
    files: tuple[ReleaseFiles, Mapping[str, ReleaseFiles]],
    journal: Journal,
    how: How,
) -> JournalRows | str:
    """The journal's rows, those of the jobs that are asked for among them; or, of a dry run, what it would take.

    A dry run asks a judge that costs nothing one batch, to measure it, and a paid one nothing.

    Args:
        jobs: from ``list_jobs``.
        judge: who judges.
        files: of the benchmark, and of each model.
        journal: what was answered before.
        how: how the judge is asked.

    Raises:
        ModelError: the judge cannot be had or cannot answer, two models answer, or the money runs out.
        ParameterError: a paid judge has no limit, or would cost more.
    """
    with journal:  # makes it where nothing was ever asked
        known = JournalRows(journal)
        is_done = pl.Series(journal.keys().holds(jobs[KEY].to_arrow()), dtype=pl.Boolean)
    asked = jobs.filter("is_asked")
    estimate = estimate_cost(asked, is_done.filter(jobs["is_asked"]), known, how)
    logger.info("%s: %s", TITLE, estimate.describe(how.max_cost))
    if how.is_paid and how.is_dry:
        return f"Dry run\n  {judge.name}: {estimate.describe(how.max_cost)}"
    if how.is_paid and estimate.requests:
        check_budget(estimate, how.max_cost, judge.name)
    told = answers_of(asked, known)
    tokens_in = estimate.tokens_in / estimate.requests if estimate.requests else 0
    tokens_out = estimate.tokens_out / estimate.requests if estimate.requests else 0
    function = BatchJudge(
        judge,
        Budget(how.price, how.max_cost, estimate.spent, tokens_in, tokens_out),
        Answering({answer["answering_model"] for answer in told} - {None}),
        *files,
    )
    config = asking.AskConfig(
        TITLE,
        "bench_evaluate",
        "has_schema",
        function,
        JudgeJob,
        judge.model,
        1 if how.threads else how.batch_size,
        PICTURES,
        how.give_up_after,
        how.threads,
    )
    if how.is_dry:
        return dry_run.describe(asking.plan(jobs, config, journal), "samples")
    if estimate.requests:
        judge.model.load()
    return asking.ask(jobs, config, journal)


def estimate_cost(asked: pl.DataFrame, is_done: pl.Series, known: JournalRows, how: How) -> Estimate:
    """What is still to be asked, and what that takes and costs, about; and what was spent before.

    What answers have taken so far stands for those to come, where there are some.

    Args:
        asked: the jobs that are to be judged.
        is_done: of each of them, whether the journal has it.
        known: the journal.
        how: how the judge is asked.
    """
    missing = asked.filter(~is_done).unique(KEY, maintain_order=True)
    told = [usage_of(answer) for answer in answers_of(asked, known)]
    measured = [usage for usage in told if usage.tokens_in is not None]
    tokens_in, tokens_out = int(missing[TOKENS].sum()), missing.height * how.rates.output_tokens
    if measured:
        outputs = [(usage.tokens_out or 0) + (usage.tokens_thoughts or 0) for usage in measured]
        tokens_in = round(sum(usage.tokens_in or 0 for usage in measured) / len(measured) * missing.height)
        tokens_out = round(sum(outputs) / len(outputs) * missing.height)
    price = how.price
    return Estimate(
        samples=asked.height,
        requests=missing.height,
        frames=int(missing[FRAMES].sum()),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=price.cost(tokens_in, tokens_out) if price else None if how.is_paid else 0.0,
        spent=0.0 if price is None else sum(cost_of(usage, price) or 0.0 for usage in told),
    )
