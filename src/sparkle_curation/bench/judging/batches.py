"""Judging a batch of jobs: videos are read, the judge is asked until it answers, and every answer is kept as it came."""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
import xxhash

from sparkle_curation.bench.judging.answers import BenchAnswer, NoAnswer, parse_answer
from sparkle_curation.bench.judging.budget import Budget, BudgetError
from sparkle_curation.bench.judging.judge import BenchJudge
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.errors import MediaError, ModelError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.assets import Failure
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.model_jobs.answer_journal import journal_schema, tell_answer, unread
from sparkle_curation.models.questions import Part, Reply, ReplyFault, Usage, Video
from sparkle_curation.spec.codes.bench_answers import BenchAnswerFault

GONE, CHANGED, STOPPED, UNPARSABLE = "gone", "changed", "stopped", "unparsable"
"""Errors of the journal: a video that is gone, or is another file now; no money left; no answer that can be read."""

JOURNAL_SCHEMA = journal_schema(
    answering_model=pa.string(),
    tokens_in=pa.int64(),
    tokens_out=pa.int64(),
    tokens_thoughts=pa.int64(),
    finish_reason=pa.string(),
    unsent=pa.list_(pa.string()),
    is_cut=pa.bool_(),
)
"""A job with its answers, one a request; scores are read from the last one when the tables are made."""


class JudgeJob(NamedTuple):
    """Two videos to be judged.

    Attributes:
        key: a digest of all that the judgment depends on.
        id: of the sample.
        model: whose output it is.
        theme: of the sample.
        edit_prompt: of the sample.
        source_path: of the source video, from the root of the benchmark.
        source_hash: of its bytes.
        source_frames: how many it has.
        source_fps: frames a second.
        edited_path: of the edited video, from the folder of the model, and so on.
    """

    key: str
    id: str
    model: str
    theme: str
    edit_prompt: str
    source_path: str
    source_hash: str
    source_frames: int
    source_fps: float
    edited_path: str
    edited_hash: str
    edited_frames: int
    edited_fps: float


class Attempt(NamedTuple):
    """What came of one request."""

    reply: Reply
    read: BenchAnswer | NoAnswer | ReplyFault


@dataclass
class Answering:
    """Which models have answered, now and before: two of them make no table, so none is paid for that.

    Attributes:
        models: their names.
    """

    models: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, usage: Usage | None) -> None:
        """A reply came."""
        if usage and usage.model:
            with self._lock:
                self.models.add(usage.model)

    def check(self, judge: str, revision: str | None) -> None:
        """Nothing, while one model answers.

        Args:
            judge: its name, as it was asked for.
            revision: its mark, as it was asked for.

        Raises:
            ModelError: two models have answered under one name.
        """
        with self._lock:
            if len(self.models) > 1:
                raise two_models(judge, self.models, revision)


def two_models(judge: str, models: set[str], revision: str | None) -> ModelError:
    """What is told where more than one model has answered under the name of one, which was asked with a mark or without."""
    names = ", ".join(sorted(models))
    # Under the name that it was asked by, the answers of both are in the journal.
    others = sorted(models - {judge})
    by_name = f"ask all samples anew under the name of one of them: --params bench_evaluate.judge.name={others[-1]}; or, "
    return ModelError(
        "Two models have answered under the name of one judge, and their scores do not make one table",
        where=judge,
        got=names,
        allowed="one model for all judgments of a table",
        todo=f"{by_name}where the name cannot be another one, give the judge that answers now a mark that it has not had "
        f"yet: --params bench_evaluate.judge.revision={_next_mark(revision)}. What was answered is kept under the old one",
    )


def _next_mark(revision: str | None) -> str:
    """A mark after one of these; the first for a judge that had none.

    >>> _next_mark("not told"), _next_mark("v2"), _next_mark("of May")
    ('v2', 'v3', 'v2')
    """
    number = re.fullmatch(r"v([0-9]{1,6})", revision or "")
    return f"v{int(number[1]) + 1}" if number else "v2"


@dataclass(frozen=True)
class BatchJudge:
    """Judges a batch of jobs.

    Attributes:
        judge: who.
        budget: what it may cost.
        answering: which models have answered so far.
        benchmark: its files.
        outputs: those of each model, by its name.
    """

    judge: BenchJudge
    budget: Budget
    answering: Answering
    benchmark: ReleaseFiles
    outputs: Mapping[str, ReleaseFiles]

    def __call__(self, batch: list[JudgeJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``.

        Raises:
            ModelError: the judge cannot answer at all, or another one answers than before.
            BudgetError: there is no room for the first request about each job.
        """
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[JudgeJob]) -> list[list[Part] | Failure]:
        """What is shown of each job, or why its videos could not be read."""
        return [self._show(job) for job in batch]

    def finish(self, batch: list[JudgeJob], prepared: list[list[Part] | Failure]) -> pa.Table:
        """The rows of the jobs, once the judge has answered.

        Raises:
            ModelError: as when called.
            BudgetError: as when called.
        """
        self.answering.check(self.judge.name, self.judge.provenance["revision"])
        shown = {
            job.key: found for job, found in zip(batch, prepared, strict=True) if isinstance(found, list)
        }
        jobs = {job.key: job for job in batch if job.key in shown}
        attempts: dict[str, list[Attempt]] = {key: [] for key in jobs}
        is_stopped = False
        for tries in range(self.judge.settings.max_tries):
            asked = [key for key in jobs if not tries or isinstance(attempts[key][-1].read, NoAnswer)]
            if not asked:
                break
            try:
                self.budget.reserve(len(asked))
            except BudgetError:
                if not tries:
                    raise
                is_stopped = True  # what was answered is kept all the same
                break
            for key, attempt in zip(asked, self._ask(asked, jobs, shown, attempts), strict=True):
                attempts[key].append(attempt)
        rows = []
        for job, found in zip(batch, prepared, strict=True):
            said = unread(found) if isinstance(found, Failure) else _row(attempts[job.key], is_stopped)
            rows.append({KEY: job.key, **said})
        return pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA)

    def _ask(
        self,
        asked: Sequence[str],
        jobs: dict[str, JudgeJob],
        shown: dict[str, list[Part]],
        attempts: dict[str, list[Attempt]],
    ) -> list[Attempt]:
        """One request about each of some jobs, which says why the answers before it could not be read."""
        questions = [
            self.judge.question(
                shown[key],
                jobs[key].theme,
                jobs[key].edit_prompt,
                [each.read for each in attempts[key] if isinstance(each.read, NoAnswer)],
            ).about(key)
            for key in asked
        ]
        replies: list[Reply] = []
        try:
            replies = self.judge.model.ask(questions)
        finally:
            self.budget.settle(replies, len(asked))
        for reply in replies:
            self.answering.note(reply.usage)
        return [Attempt(reply, read_reply(reply, self.judge)) for reply in replies]

    def _show(self, job: JudgeJob) -> list[Part] | Failure:
        sides = []
        for files, path, content_hash, frames, fps in (
            (self.benchmark, job.source_path, job.source_hash, job.source_frames, job.source_fps),
            (self.outputs[job.model], job.edited_path, job.edited_hash, job.edited_frames, job.edited_fps),
        ):
            data = _read(files, path, content_hash)
            if isinstance(data, Failure):
                return data
            sides.append((data, frames, fps))
        settings = self.judge.settings
        if settings.shown == "video":
            source, edited = (Video(data, settings.frame_rate) for data, _, _ in sides)
            return self.judge.show_videos(source, edited)
        rate = settings.shown_rate or 1.0
        try:
            pictures = [
                read_frames(io.BytesIO(data), choose_frames(frames, fps, rate)) for data, frames, fps in sides
            ]
        except MediaError as error:
            return Failure(error.code, storable(f"{error.what} ({error.got})"))
        return self.judge.show_frames(*pictures)


def read_reply(reply: Reply, judge: BenchJudge) -> BenchAnswer | NoAnswer | ReplyFault:
    """What a reply says; one that was cut off is none, even if all that is left of it could be read."""
    if reply.is_cut and reply.fault in (None, ReplyFault.NO_REPLY):
        return NoAnswer(BenchAnswerFault.CUT, f"{len(reply.text):,} characters were said")
    return reply.fault or parse_answer(reply.text, judge.rubric)


def choose_frames(count: int, fps: float, rate: float) -> list[int]:
    """The frames that are shown of a video, counted from 0: the first, and then one for each step of ``rate``.

    Args:
        count: frames of the video.
        fps: its own frames a second.
        rate: frames a second that are shown; never more than there are.

    >>> choose_frames(81, 16, 1), choose_frames(3, 16, 100)
    ([0, 16, 32, 48, 64, 80], [0, 1, 2])
    """
    step = max(1.0, fps / rate)
    return [min(count - 1, round(place * step)) for place in range(math.ceil(count / step))]


def _read(files: ReleaseFiles, path: str, content_hash: str) -> bytes | Failure:
    """The bytes of a video, which must be those that were probed: the judgment is kept under their hash."""
    try:
        with files.open(path) as file:
            data = file.read()
    except OSError as error:
        return Failure(GONE, storable(f"{path}: {type(error).__name__}"))
    if xxhash.xxh3_128_hexdigest(data) != content_hash:
        return Failure(CHANGED, storable(f"{path}: it was another file when it was probed"))
    return data


def _row(attempts: Sequence[Attempt], is_stopped: bool) -> dict[str, Any]:
    answers = [_answer(tries, attempt) for tries, attempt in enumerate(attempts, start=1)]
    read = attempts[-1].read
    if isinstance(read, BenchAnswer):
        return {"answers": answers, "error": None, "error_detail": None}
    if isinstance(read, NoAnswer):
        error = STOPPED if is_stopped else UNPARSABLE
        return {"answers": answers, "error": error, "error_detail": f"{read.fault}: {read.detail}"}
    return {"answers": answers, "error": read.value, "error_detail": tell_answer("the judge", answers[-1])}


def _answer(tries: int, attempt: Attempt) -> dict[str, Any]:
    reply = attempt.reply
    usage = reply.usage or Usage()
    return {
        "text": reply.text or reply.detail or "",
        "fault": reply.fault.value if reply.fault else None,
        "tries": tries,
        "answering_model": usage.model,
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
        "tokens_thoughts": usage.tokens_thoughts,
        "finish_reason": usage.finish_reason,
        "unsent": list(usage.unsent),
        "is_cut": reply.is_cut,
    }
