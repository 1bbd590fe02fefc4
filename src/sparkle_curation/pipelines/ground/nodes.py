"""The nodes of ``ground``: who grounds, the two rounds of questions, and the boxes that their answers come to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import polars as pl

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.dry_run import end_dry_run
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.pace import PacedBatch, PaceNotes
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.grounding import jobs as ground_jobs
from sparkle_curation.grounding import tables as ground_tables
from sparkle_curation.grounding.batches import BatchGround, GroundJob, pace_of
from sparkle_curation.grounding.grounder import Grounder
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.model_jobs import asking
from sparkle_curation.model_jobs.answer_streams import count_faults
from sparkle_curation.models.choice import choose_model
from sparkle_curation.models.device_names import device_of
from sparkle_curation.pipelines.ground.params import GroundGroup
from sparkle_curation.spec.codes.generation_faults import GenerationFault
from sparkle_curation.spec.layout import intermediate_jsonl_path
from sparkle_curation.spec.tables.ingested import GROUNDING_R1, GROUNDING_R2

logger = logging.getLogger(__name__)


def choose_grounder(round1_text: str, round2_text: str, server_key: str, params: GroundGroup) -> Grounder:
    """Who grounds: the model, described and not loaded, with its texts and settings.

    Raises:
        ModelError: the model is not pinned, or its packages are not installed.
        ParameterError: a text lacks the place of what is to be put in.
    """
    model = choose_model(params.model, params.sampling.sampling(), server_key)
    grounder = Grounder(model, round1_text, round2_text, params.settings)
    facts = grounder.provenance
    logger.info("grounder: %s at %s", facts["model"], facts["revision"])
    return grounder


def list_round1_jobs(
    media: pl.LazyFrame,
    grounding_r1: pl.LazyFrame,
    annotations: pl.LazyFrame,
    ground_standing: pl.DataFrame,
    grounder: Grounder,
    params: GroundGroup,
) -> pl.DataFrame:
    """What is to be grounded in round 1, a row per sample, and what cannot be or waits, with why."""
    prompts = pl.concat(table.select("id", "prompt").drop_nulls() for table in (grounding_r1, annotations))
    own = prompts.unique("id", keep="first", maintain_order=True).collect()
    return ground_jobs.list_round1(media.collect(), own, grounder.digest, params.limit, ground_standing)


def _asking(
    title: str, grounder: Grounder, asset_store: AssetStore, journal: Journal, params: GroundGroup
) -> asking.AskConfig:
    work = f"{grounder.provenance['model']} {grounder.digest[:8]}"
    notes = PaceNotes.beside(journal.path, work, device_of(params.model))
    batch = PacedBatch(BatchGround(asset_store, grounder), notes, grounder.model.load, pace_of)
    return asking.AskConfig(
        title,
        "ground",
        "is_constrained",
        batch,
        GroundJob,
        grounder.model,
        params.batch_size,
        ground_jobs.PICTURES,
        params.give_up_after,
        readers=params.readers,
        num_gpus=params.model.num_gpus,
    )


def ask_round1(
    jobs: pl.DataFrame,
    grounder: Grounder,
    asset_store: AssetStore,
    journal: Journal,
    params: GroundGroup,
    dry_run: bool,
) -> JournalRows:
    """The answers of round 1, given now or before; a shard goes on to round 2 once those of all are merged.

    Of a dry run, where some are missing, only what they would take.

    Raises:
        ModelError: the model cannot be had, or cannot answer; what was answered stays in the journal.
    """
    how = _asking("round 1", grounder, asset_store, journal, params)
    if dry_run:
        plan = asking.plan(jobs, how, journal)
        if plan.seconds is not None:
            end_dry_run(plan, "samples of round 1")
    return asking.ask(jobs, how, journal, goes_on=True)


def ask_round2(
    jobs: pl.DataFrame,
    grounder: Grounder,
    asset_store: AssetStore,
    journal: Journal,
    params: GroundGroup,
    dry_run: bool,
) -> JournalRows:
    """The answers of round 2, one a frame, given now or before; of a dry run only what those missing would take.

    Raises:
        ModelError: the model cannot be had, or cannot answer; what was answered stays in the journal.
    """
    how = _asking("round 2", grounder, asset_store, journal, params)
    if dry_run:
        end_dry_run(asking.plan(jobs, how, journal), "samples of round 2")
    return asking.ask(jobs, how, journal)


def tabulate_round1(jobs: pl.DataFrame, answers: JournalRows, grounder: Grounder) -> TableStream:
    """The regroundings of round 1, read from the answers as they are written.

    Raises:
        ConservationError: something that was asked has no answer.
    """
    rows = ground_tables.stream_round1(jobs, answers, grounder.provenance)
    return rows.made_by(code_digest(glue=[__name__]))


def choose_labels(
    regrounded_r1: pl.LazyFrame, grounding_r1: pl.LazyFrame, params: GroundGroup
) -> pl.DataFrame:
    """What round 2 looks for: ``id``, ``prompt``, ``round1_labels``, ``round1_objects``."""
    is_ours = params.labels_from == "regrounded"
    source = regrounded_r1.filter(pl.col("fault").is_null()) if is_ours else grounding_r1
    columns = ("id", "prompt", "round1_labels", "round1_objects")
    return source.select(columns).unique("id", keep="first", maintain_order=True).collect()


def list_round2_jobs(
    media: pl.LazyFrame,
    ground_labels: pl.DataFrame,
    ground_standing: pl.DataFrame,
    grounder: Grounder,
    params: GroundGroup,
) -> pl.DataFrame:
    """What is to be grounded in round 2, a row per sample, and what cannot be or waits, with why."""
    return ground_jobs.list_round2(
        media.collect(), ground_labels, grounder.digest, params.limit, ground_standing
    )


def tabulate_round2(
    jobs: pl.DataFrame, answers: JournalRows, ground_labels: pl.DataFrame, grounder: Grounder
) -> TableStream:
    """The regroundings of round 2, read from the answers as they are written.

    Raises:
        ConservationError: something that was asked has no answer.
    """
    rows = ground_tables.stream_round2(jobs, answers, ground_labels, grounder.provenance)
    return rows.made_by(code_digest(glue=[__name__]))


def publish_regroundings(
    regrounded_r1: pl.LazyFrame, regrounded_r2: pl.LazyFrame
) -> dict[str, Iterator[dict[str, Any]]]:
    """The grounded samples as the release writes them, by the path of the file."""
    rounds = ((1, GROUNDING_R1, regrounded_r1), (2, GROUNDING_R2, regrounded_r2))
    for number, _, table in rounds:
        grounded, faults = count_faults(table)
        without = ", ".join(f"{count:,} {fault}" for fault, count in faults)
        logger.info(
            "round %d: %s grounded%s",
            number,
            f"{grounded:,}",
            f"; without boxes {without}" if without else "",
        )
        if waiting := dict(faults).get(GenerationFault.NOT_JUDGED.value):
            way = "look at what is new: kedro run --pipelines score,gate"
            logger.warning("round %d: %s samples wait to be judged; %s", number, f"{waiting:,}", way)
    _tell_odd_labels(regrounded_r2)
    return {
        intermediate_jsonl_path(theme, released.file_name): records
        for _, released, table in rounds
        for theme, records in ground_tables.published_records(table).items()
    }


def _tell_odd_labels(regrounded_r2: pl.LazyFrame) -> None:
    labels = pl.col("surplus_labels").list.eval(pl.element().list.len()).list.sum()
    sampled_frames = pl.col("unanswered_sampled_frames").list.len()
    odd, unanswered = regrounded_r2.select(labels.sum(), sampled_frames.sum()).collect().row(0)
    if odd or unanswered:
        logger.warning(
            "round 2: %s labels not asked for (surplus_labels), %s frames without an answer (unanswered_sampled_frames)",
            f"{odd:,}",
            f"{unanswered:,}",
        )
