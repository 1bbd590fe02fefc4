"""Asking a model what the journal lacks, and telling beforehand how long that takes."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from sparkle_curation.engine.batch_functions import BatchFunction
from sparkle_curation.engine.caching.costly_work import AllFailedError, MeasureConfig, measure_missing
from sparkle_curation.engine.dry_run import Plan
from sparkle_curation.engine.executors.processes import choose_executor
from sparkle_curation.engine.journal.journal import ERROR, KEY, Journal
from sparkle_curation.engine.journal.key_index import KeyIndex
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.journal.shard_journal import ShardJournal
from sparkle_curation.engine.shards import Shard, WorkPlace, end_shard
from sparkle_curation.errors import AssetError, ModelError
from sparkle_curation.model_jobs.kept_replies import keeping_replies
from sparkle_curation.models.questions import ReplyFault, VisionLanguageModel

logger = logging.getLogger(__name__)

_SLICE_ROWS = 512


@dataclass(frozen=True)
class AskConfig:
    """How a model is asked.

    Attributes:
        title: what the progress bar and the log call it.
        group: the group of parameters that says how, such as ``camera.judge``.
        held_to_form: the parameter of the group that holds the model's answers to a form; None where they always are.
        function: the results of a batch of jobs, see ``run_resumable``; of ``TwoSteps`` the first is done one
            batch ahead.
        make_job: the named tuple that a job is.
        model: who answers.
        batch_size: samples between two writes to the journal, each some questions: what a killed run
            loses of a model in this process. Of one behind a server it loses what is under way.
        pictures: of a job, how many are asked about one after the other: about what it takes.
        give_up_after: so many samples without one answer that can be read end the run, where none of the jobs was
            answered before either; None for none.
        threads: so many batches are asked about at once, and each is noted as soon as it is answered: for a server, with
            batches of one; None for batches one after the other.
        readers: threads that read pictures ahead of the model.
        num_gpus: that the model takes, where each actor of Ray has one of its own.
    """

    title: str
    group: str
    held_to_form: str | None
    function: BatchFunction[Any, pa.Table]
    make_job: Any
    model: VisionLanguageModel
    batch_size: int
    pictures: pl.Expr
    give_up_after: int | None = None
    threads: int | None = None
    readers: int = 1
    num_gpus: float = 0

    def fill(self, journal: Journal, jobs: pl.DataFrame) -> int:
        """Ask what the journal lacks of these jobs, in this process or Ray's actors, which hold the model; gives how many.

        Raises:
            ModelError: the model cannot be had, or cannot answer, has never answered, or nothing that can be read.
        """
        wanted = jobs.select(self.make_job._fields)
        with journal:
            is_first = not _is_any_answered(jobs, journal)
            executor = choose_executor(
                is_in_this_process=True,
                threads=self.threads,
                readers=self.readers,
                place=self.place_of(journal),
                num_gpus=self.num_gpus,
            )
            measuring = MeasureConfig(
                self.title, executor, self.batch_size, self.give_up_after if is_first else None
            )
            try:
                with keeping_replies(self.model, journal, self.title):
                    count = measure_missing(wanted, self.make_job, self.function, measuring, journal)
            except AllFailedError as error:
                self._check_any_reply(jobs[KEY], journal)
                self._check_any_shown(jobs[KEY], journal, error)
                raise ModelError(
                    "The model gives no answer that can be read",
                    where=self.title,
                    got=f"{error.count} samples, not one with an answer; of the last: {error.detail}",
                    todo="look at the model, its texts and its longest answer (max_new_tokens)"
                    + (
                        f", hold it to a form: --params {self.group}.{self.held_to_form}=true"
                        if self.held_to_form
                        else ""
                    )
                    + f"; or go on all the same: --params {self.group}.give_up_after=null. What was said is in the journal",
                ) from error
            if count and is_first:
                self._check_any_reply(jobs[KEY], journal)
            return count

    def _check_any_reply(self, keys: pl.Series, journal: Journal) -> None:
        """Nothing, when a model has replied to something; one that was asked in vain alone is not told as faults of samples.

        Raises:
            ModelError: of all that the journal has of these, each had no reply.
        """
        rows = JournalRows(journal)
        known = keys.filter(pl.Series(rows.holds(keys.to_arrow()), dtype=pl.Boolean))
        failures = rows.failures(known.to_arrow())
        errors = [failure[0] if failure else None for failure in failures]
        if errors and set(errors) == {ReplyFault.NO_REPLY.value}:
            last = failures[-1]
            raise ModelError(
                "The model's server has never replied",
                where=self.title,
                got=f"{len(errors):,} samples asked about, none with a reply; of the last: {last[-1] if last else ''}",
                todo="look at the server's log, and whether it answers one question; then run the same command again: what "
                "had no reply is asked for again",
            )

    def _check_any_shown(self, keys: pl.Series, journal: Journal, error: AllFailedError) -> None:
        """Nothing, when the model was asked about something: what it was never shown is no fault of it.

        Raises:
            AssetError: no file of any sample could be read.
        """
        if any(JournalRows(journal).take(keys.to_arrow())["answers"].to_pylist()):
            return
        raise AssetError(
            "Nothing could be shown to the model: of none of the samples that were tried the files can be read",
            where=self.title,
            got=f"{error.count} samples; of the last: {error.detail}",
            allowed="the files that the tables were made of, where they lay then",
            todo="see whether they were moved or changed, and make the tables again that know them",
        ) from error

    def place_of(self, journal: Journal) -> WorkPlace:
        """Where the model is asked: a server is asked from here, since it is that which does the work."""
        if journal.place.executor == "local" or self.model.provenance["backend"] == "transformers":
            return journal.place
        return WorkPlace()


def ask(jobs: pl.DataFrame, asking: AskConfig, journal: Journal, *, goes_on: bool = False) -> JournalRows:
    """The journal's rows; those of the jobs that are asked for are among them afterwards. Refusals are logged.

    A run that does a shard asks for its share, in a journal of its own, and ends.

    Args:
        jobs: with ``key`` and ``is_asked``.
        asking: how.
        journal: what was answered before.
        goes_on: whether a shard goes on where the journal has all answers, since its run asks more than this.

    Raises:
        ModelError: the model cannot be had, or cannot answer; what was answered before is in the journal.
    """
    asked = jobs.filter("is_asked")
    if journal.place.shard is not None:
        return _ask_shard(journal.place.shard, asked, asking, journal, goes_on=goes_on)
    # Samples of other stages and beyond the limit too: what they were answered is wanted again without it.
    with journal:
        journal.note_wanted(jobs[KEY].to_arrow(), asking.title, ids=jobs["id"].to_arrow())
    count = asking.fill(journal, asked)
    known = asked[KEY].n_unique() - count
    further = {
        "of the same files": asked.height - asked[KEY].n_unique(),
        "with nothing to ask about": jobs["error"].count(),
    }
    told = "".join(f", {number:,} {what}" for what, number in further.items() if number)
    logger.info("%s: %s asked for, %s known from before%s", asking.title, f"{count:,}", f"{known:,}", told)
    rows = JournalRows(journal)
    refused, last = count_refused(asked[KEY], rows)
    if refused:
        logger.warning(
            "%s: the model's server refused %s questions; the last reason: %s",
            asking.title,
            f"{refused:,}",
            last,
        )
    return rows


def _ask_shard(
    shard: Shard, asked: pl.DataFrame, asking: AskConfig, journal: Journal, *, goes_on: bool
) -> JournalRows:
    own = asked.filter(pl.Series(shard.holds(asked[KEY].to_arrow()), dtype=pl.Boolean))
    part = ShardJournal(journal, shard)
    with part:
        part.note_asked(own[KEY].to_arrow(), own["id"].to_arrow(), asking.title)
    count = replace(asking, title=f"{asking.title}, shard {shard}").fill(part, own)
    rows = JournalRows(journal) if goes_on and journal.path.is_file() else None
    if rows is None or not rows.holds(asked[KEY].to_arrow()).all():
        end_shard(shard, asking.title, count, own[KEY].n_unique() - count)
    return rows


def plan(jobs: pl.DataFrame, asking: AskConfig, journal: Journal) -> Plan:
    """What a run would do, from one batch that is asked now and need not be asked again.

    Raises:
        ModelError: as ``ask``.
    """
    asked = jobs.filter("is_asked").unique(KEY, maintain_order=True)
    with journal:
        missing = asked.filter(~pl.Series(journal.keys().holds(asked[KEY].to_arrow())))
    # From the first to the last, so that each sort is among them.
    size = asking.batch_size * (asking.threads or 1)
    batch = missing.gather_every(max(1, missing.height // size)).head(size)
    rest = missing.join(batch.select(KEY), on=KEY, how="anti")
    seconds = None
    if batch.height:
        if asking.place_of(journal).executor == "local":
            asking.model.load()  # Ray's actors load it, in the time that is measured
        start = time.perf_counter()
        asking.fill(journal, batch)
        seconds = (time.perf_counter() - start) * _pictures(rest, asking) / _pictures(batch, asking)
    with journal:  # makes it where nothing was ever asked
        rows = JournalRows(journal)
    refused, last = count_refused(asked[KEY], rows)
    return Plan(
        done=asked.height - rest.height,
        to_do=rest.height,
        broken=jobs.filter(pl.col("error").is_not_null()).height,
        seconds=seconds,
        is_remote=asking.model.provenance["backend"] != "transformers",
        refused=refused,
        last_refusal=last,
    )


def count_refused(keys: pl.Series, rows: JournalRows) -> tuple[int, str | None]:
    """How many questions about these jobs a server did not take, now or before, and what it said of the last one."""
    failed = keys.filter(
        pl.Series([failure is not None for failure in rows.failures(keys.to_arrow())], dtype=pl.Boolean)
    )
    count, last = 0, None
    for start in range(0, len(failed), _SLICE_ROWS):
        for answers in rows.take(failed[start : start + _SLICE_ROWS].to_arrow())["answers"].to_pylist():
            refusals = [
                answer["text"] for answer in answers or [] if answer["fault"] == ReplyFault.REFUSED.value
            ]
            count += len(refusals)
            last = refusals[-1] if refusals else last
    return count, last


def _is_any_answered(jobs: pl.DataFrame, journal: Journal) -> bool:
    wanted = KeyIndex([jobs[KEY].to_arrow()])
    return any(
        wanted.holds(rows.filter(pc.is_null(rows[ERROR]))[KEY]).any()
        for rows in journal.records([KEY, ERROR])
    )


def _pictures(jobs: pl.DataFrame, asking: AskConfig) -> int:
    return int(jobs.select(asking.pictures.sum()).item())
