"""The nodes of ``score``: who judges, what is to be judged, the answers, and the scores that they come to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.dry_run import end_dry_run
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.pace import PacedBatch, PaceNotes
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.errors import ParameterError
from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.model_jobs import asking
from sparkle_curation.model_jobs.answer_streams import count_faults
from sparkle_curation.models.choice import choose_model
from sparkle_curation.models.device_names import device_of
from sparkle_curation.pipelines.score.params import ScoreGroup
from sparkle_curation.scoring import jobs as score_jobs
from sparkle_curation.scoring import tables as score_tables
from sparkle_curation.scoring.adaptive import (
    FIRST,
    OTHERS,
    AdaptiveRule,
    add_outcomes,
    open_jobs,
    part_of,
    tell_outcomes,
    without_outcomes,
)
from sparkle_curation.scoring.batches import BatchScore
from sparkle_curation.scoring.editscore.judge import Judge
from sparkle_curation.scoring.editscore.prompt_template import (
    PromptTemplate,
    editscore_prompt_template,
    own_prompt_template,
)
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.jobs import PICTURES, ScoreJob, pace_of
from sparkle_curation.spec.layout import intermediate_jsonl_path
from sparkle_curation.spec.stages import STAGES

logger = logging.getLogger(__name__)


def choose_judge(consistency_text: str, quality_text: str, server_key: str, params: ScoreGroup) -> Judge:
    """Who scores: the model, described and not loaded, with its instructions and settings.

    Raises:
        ModelError: the model is not pinned, or its packages are not installed.
        ParameterError: ``editscore`` is asked for and not installed.
    """
    prompt_template = _prompt_template(consistency_text, quality_text, params)
    model = choose_model(params.model, params.sampling.sampling(), server_key)
    judge = Judge(model, prompt_template, params.settings)
    facts = judge.provenance
    logger.info(
        "judge: %s at %s, asked with the prompts of %s",
        facts["model"],
        facts["revision"],
        prompt_template.origin,
    )
    return judge


def _prompt_template(consistency_text: str, quality_text: str, params: ScoreGroup) -> PromptTemplate:
    own = own_prompt_template(consistency_text, quality_text, params.score_range)
    if params.prompt_template == "own":
        return own
    found = editscore_prompt_template(params.score_range)
    if found is None and params.prompt_template == "editscore":
        raise ParameterError(
            "The judge cannot be asked in EditScore's words: the package is not installed",
            where="score.prompt_template",
            got="editscore",
            allowed="auto, own",
            todo="pip install --no-deps editscore, or set score.prompt_template=own",
        )
    return found or own


def look_up_score_prompts(annotations: pl.LazyFrame, *scores: pl.LazyFrame) -> pl.DataFrame:
    """The prompt of each sample by stage: the released record's own, else that of the annotations."""
    return score_jobs.look_up_prompts(
        annotations, dict(zip((stage.name for stage in STAGES), scores, strict=True))
    )


def list_score_jobs(
    media: pl.LazyFrame, score_prompts: pl.DataFrame, score_judge: Judge, params: ScoreGroup
) -> pl.DataFrame:
    """What is to be scored, a row per sample and stage, and what cannot be, with why."""
    return score_jobs.list_jobs(
        media.collect(), score_prompts, params.scope, params.rules, score_judge.digest
    )


def ask_judge(
    score_jobs: pl.DataFrame,
    score_judge: Judge,
    asset_store: AssetStore,
    journal: Journal,
    score_rule: AdaptiveRule | None,
    params: ScoreGroup,
    dry_run: bool,
) -> JournalRows:
    """The answers to all that was asked, now or before.

    With ``passes: adaptive`` those of the first pass, then those of the others where it leaves the outcome open; a shard
    goes on to these once the first passes of all are merged.

    Raises:
        ModelError: the model cannot be had, or cannot answer; what was answered stays in the journal.
    """
    if not params.is_adaptive or score_rule is None:
        how = _asking("scores", score_judge, asset_store, journal, params)
        if dry_run:
            end_dry_run(asking.plan(score_jobs, how, journal), "samples")
        return asking.ask(score_jobs, how, journal)
    first, *others = range(score_judge.settings.score_scale.passes)
    jobs, how = part_of(score_jobs, FIRST), _asking(FIRST, score_judge, asset_store, journal, params, first)
    if dry_run:
        plan = asking.plan(jobs, how, journal)
        if plan.seconds is not None:
            logger.info("of the first pass alone: the others of samples that it leaves open come on top")
            end_dry_run(plan, "one-pass samples")
    answers = asking.ask(jobs, how, journal, goes_on=True)
    jobs = open_jobs(score_jobs, answers, score_rule)
    how = _asking(OTHERS, score_judge, asset_store, journal, params, *others)
    if dry_run:
        end_dry_run(asking.plan(jobs, how, journal), "still-open samples")
    return asking.ask(jobs, how, journal)


def _asking(
    title: str, judge: Judge, asset_store: AssetStore, journal: Journal, params: ScoreGroup, *numbers: int
) -> asking.AskConfig:
    settings = replace(judge.settings, numbers=numbers or None)
    batch = BatchScore(asset_store, judge.model, judge.prompt_template, settings)
    notes = PaceNotes.beside(
        journal.path, f"{judge.provenance['model']} {judge.digest[:8]}", device_of(params.model)
    )
    return asking.AskConfig(
        title,
        "score",
        "is_constrained",
        # Of fixed passes alone: how many adaptive ones there are the scores decide.
        batch if numbers else PacedBatch(batch, notes, judge.model.load, pace_of),
        ScoreJob,
        judge.model,
        params.batch_size,
        PICTURES,
        params.give_up_after,
        readers=params.readers,
        num_gpus=params.model.num_gpus,
    )


def choose_rule(threshold: float | None, thresholds: Thresholds, params: ScoreGroup) -> AdaptiveRule | None:
    """When one pass is enough; None where a run with fixed passes has no threshold to tell that by.

    Raises:
        ParameterError: passes are adaptive, and a criterion has no threshold.
    """
    try:
        resolved = resolve_thresholds(threshold, thresholds)
    except ParameterError:
        if params.is_adaptive:
            raise
        return None
    return AdaptiveRule(
        resolved, params.adaptive.margin, ScoreScale(params.score_range, params.adaptive.passes)
    )


def tabulate_rescores(
    score_jobs: pl.DataFrame,
    score_answers: JournalRows,
    score_judge: Judge,
    score_rule: AdaptiveRule | None,
    params: ScoreGroup,
) -> tuple[TableStream, ...]:
    """The rescores of the stages, worked out as they are written.

    Scores are those of all passes, whichever run asked for them; outcomes of adaptive passes stand in columns of their own.

    Raises:
        ConservationError: something that was asked has no answers.
    """
    score_scale, provenance = params.settings.score_scale, score_judge.provenance
    glue = code_digest(glue=[__name__])
    if score_rule is None or score_rule.score_scale != score_scale:
        jobs = without_outcomes(score_jobs)
    else:
        jobs = add_outcomes(score_jobs, score_answers, score_rule)
    if params.is_adaptive:
        tell_outcomes(jobs)
        jobs = jobs.with_columns(pl.lit(value=False).alias("is_asked"))
    return tuple(
        score_tables.stream_table(jobs, score_answers, stage, score_scale, provenance).made_by(glue)
        for stage in STAGES
    )


def publish_rescores(*rescores: pl.LazyFrame) -> dict[str, Iterator[dict[str, Any]]]:
    """The scored samples as the release writes them, by the path of the file."""
    for stage, table in zip(STAGES, rescores, strict=True):
        scored, faults = count_faults(table)
        without = ", ".join(f"{count:,} {fault}" for fault, count in faults)
        logger.info(
            "%s: %s scored%s", stage.name, f"{scored:,}", f"; without a score {without}" if without else ""
        )
    return {
        intermediate_jsonl_path(theme, stage.file_name): records
        for stage, table in zip(STAGES, rescores, strict=True)
        for theme, records in score_tables.published_records(table, stage).items()
    }
