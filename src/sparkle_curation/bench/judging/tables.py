"""Judgments and scores as tables: the numbers are read from the answers, and only where an answer is one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from statistics import fmean
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from sparkle_curation.bench.judging.answers import BenchAnswer, NoAnswer, parse_answer
from sparkle_curation.bench.judging.batches import CHANGED, GONE, two_models
from sparkle_curation.bench.judging.budget import Price, cost_of, usage_of
from sparkle_curation.bench.judging.judge import BenchJudge
from sparkle_curation.bench.judging.rubric import Rubric
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.errors import ConservationError
from sparkle_curation.models.questions import ReplyFault
from sparkle_curation.spec.codes.bench_answers import BenchAnswerFault
from sparkle_curation.spec.codes.bench_states import CopyOf, JudgmentState
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.benchmark import BENCH_JUDGMENT_COLUMNS, BENCH_SCORE_COLUMNS

Row = Mapping[str, Any]

_FREE = ("temperature", "seed")
"""Settings without which a judge draws its answers."""


class Judged(NamedTuple):
    """What a table of judgments is made with, beside the jobs and their answers.

    Attributes:
        judge: who judges.
        price: None for one that costs nothing.
        ignoring: patterns of names of models that take temperature and seed, and do not go by them.
    """

    judge: BenchJudge
    price: Price | None
    ignoring: Sequence[str]


def tabulate(jobs: pl.DataFrame, answers: JournalRows, judged: Judged) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``bench_judgments``, one row per job in their order, and ``bench_scores``, one per judged job and dimension.

    Args:
        jobs: from ``list_jobs``.
        answers: rows of the journal.
        judged: how.

    Raises:
        ConservationError: a job that was asked for has no row in the journal.
        ModelError: two models have answered.
    """
    said = {row[KEY]: row for row in answers.take(jobs[KEY].to_arrow()).to_pylist()}
    judgments: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    constants = _constants(judged.judge)
    for job in jobs.iter_rows(named=True):
        row, given = _judgment(job, said.get(job[KEY]), judged)
        judgments.append(row | constants)
        grain = {name: judgments[-1][name] for name in _GRAIN}
        capped = judged.judge.rubric.cap(given) if given else {}
        scores += [
            {**grain, "dimension": key, "raw_score": given[key], "capped_score": capped[key]}
            for key in judged.judge.rubric.keys
            if given
        ]
    models = {str(row["answering_model"]) for row in judgments if row.get("answering_model")}
    if len(models) > 1:
        raise two_models(judged.judge.name, models, judged.judge.provenance["revision"])
    return (
        _frame(judgments, arrow_schema(BENCH_JUDGMENT_COLUMNS)),
        _frame(scores, arrow_schema(BENCH_SCORE_COLUMNS)),
    )


_GRAIN = ("model", "sample_id", "theme", "rubric", "judge", "repeat")


def describe(judgments: pl.DataFrame) -> Iterator[str]:
    """What came of each model's outputs, a line each, and then what holds for all of them."""
    first = judgments.filter(pl.col("repeat") == 0)
    for model in map(str, first["model"].unique(maintain_order=True)):
        rows = first.filter(pl.col("model") == model)
        counts = rows["state"].value_counts().sort("count", "state", descending=[True, False])
        told = ", ".join(f"{count:,} {state}" for state, count in counts.iter_rows())
        overall = rows.select(pl.mean("overall")).item()
        mean = "" if overall is None else f"; plain mean over the judged {overall:.3f}, others not counted"
        yield f"{model}: of {rows.height:,} samples {told}{mean}"
    for model, what, count in _copies(first):
        yield f"{model}: {count:,} outputs are copies of {what}, byte by byte, and count as they were judged"
    stale = first.filter(pl.col("fault").is_in([GONE, CHANGED]))
    if stale.height:
        yield (
            f"{stale.height:,} samples are broken since a video is gone, or is another file than when it was looked at: "
            "kedro run --pipelines bench_ingest,bench_outputs, then again"
        )
    flagged = first.filter(pl.col("flags").list.len() > 0).height
    asked_again = first.filter(pl.col("attempts") > 1).height
    if flagged or asked_again:
        yield f"{flagged:,} answers were read in another form than the one asked for, {asked_again:,} asked for again"
    cost = judgments["cost"].sum()
    if cost:
        yield f"about ${cost:,.2f} in all, earlier runs included"
    if (judgments["seed_honoured"] == False).any():  # noqa: E712 -- null is neither
        yield "the judge does not go by temperature and seed: judge some samples again with bench_evaluate.repeats=2"


def _copies(judgments: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Of each model how many outputs are copies, and of what in words."""
    words = {CopyOf.SOURCE.value: "their sources", CopyOf.ANOTHER.value: "outputs of other samples"}
    counts = judgments.drop_nulls("copy_of").group_by("model", "copy_of", maintain_order=True).len()
    return [(model, words[copy], count) for model, copy, count in counts.rows()]


def answers_of(jobs: pl.DataFrame, answers: JournalRows) -> list[Row]:
    """Every answer that the journal has about these jobs, each once."""
    rows = answers.take(jobs[KEY].unique().to_arrow())["answers"].to_pylist()
    return [answer for row in rows for answer in row or []]


def read_answers(answers: Sequence[Row], rubric: Rubric) -> BenchAnswer | NoAnswer | ReplyFault | None:
    """What the last answer says, read anew: what is kept is what was said; None where nothing was."""
    if not answers:
        return None
    last = answers[-1]
    if last["fault"] and not (last["is_cut"] and last["fault"] == ReplyFault.NO_REPLY):
        return ReplyFault(last["fault"])
    if last["is_cut"]:
        return NoAnswer(BenchAnswerFault.CUT, f"{len(last['text']):,} characters were said")
    return parse_answer(last["text"], rubric)


def _judgment(job: Row, said: Row | None, judged: Judged) -> tuple[dict[str, Any], Mapping[str, int] | None]:
    """A row of ``bench_judgments`` less its constants, and the scores as they were given."""
    row: dict[str, Any] = {name: job[name] for name in ("model", "sample_id", "theme", "subtheme", "repeat")}
    row |= {
        "copy_of": job["copy_of"],
        "cache_key": job[KEY],
        "source_hash": job["source_hash"],
        "edited_hash": job["edited_hash"],
    }
    row |= {"attempts": 0, "raw_texts": [], "flags": []}
    if job["state"]:
        return row | {"state": job["state"], "fault_detail": job["error_detail"]}, None
    if said is None:
        if job["is_asked"]:
            raise ConservationError(
                "A sample that was to be judged has neither an answer nor an error",
                where=f"{job['model']}, {job['sample_id']}",
                todo="report it: this is a defect of this project",
            )
        return row | {"state": JudgmentState.NOT_ASKED.value}, None
    answers = said["answers"] or []
    read = read_answers(answers, judged.judge.rubric)
    row |= _told(answers, judged) | {
        "raw_texts": [answer["text"] for answer in answers],
        "attempts": len(answers),
    }
    if isinstance(read, BenchAnswer):
        capped = judged.judge.rubric.cap(read.scores)
        flags = [flag.value for flag in read.flags]
        state = {"state": JudgmentState.JUDGED.value, "flags": flags, "overall": fmean(capped.values())}
        return row | state, read.scores
    fault, detail = said["error"], said["error_detail"]
    if isinstance(read, NoAnswer):
        fault, detail = read.fault.value, read.detail
    return row | {"state": _state_of(said, read).value, "fault": fault, "fault_detail": detail}, None


def _state_of(said: Row, read: NoAnswer | ReplyFault | None) -> JudgmentState:
    if said["error"] == "stopped":
        return JudgmentState.UNANSWERED
    if isinstance(read, NoAnswer):
        return JudgmentState.UNPARSABLE
    if isinstance(read, ReplyFault):
        return JudgmentState.REFUSED if read is ReplyFault.REFUSED else JudgmentState.UNANSWERED
    return JudgmentState.BROKEN


def _told(answers: Sequence[Row], judged: Judged) -> dict[str, Any]:
    """What a server tells of its answers: tokens and cost of all, the rest of the last."""
    if not answers:
        return {}
    last = answers[-1]
    usages = [usage_of(answer) for answer in answers]
    costs = [] if judged.price is None else [cost_of(usage, judged.price) for usage in usages]
    # A model in this process is the one that was asked for.
    answering = last["answering_model"]
    if answering is None and judged.judge.model.provenance["backend"] == "transformers":
        answering = judged.judge.name
    return {
        "answer_text": last["text"],
        "answering_model": answering,
        "seed_honoured": _goes_by_seed(answering or judged.judge.name, last["unsent"] or [], judged.ignoring),
        "finish_reason": last["finish_reason"],
        "cost": None if None in costs or not costs else sum(cost for cost in costs if cost is not None),
        **{
            name: _sum(answer[name] for answer in answers)
            for name in ("tokens_in", "tokens_out", "tokens_thoughts")
        },
    }


def _goes_by_seed(model: str, unsent: Sequence[str], ignoring: Sequence[str]) -> bool:
    is_ignoring = any(fnmatchcase(model, pattern) for pattern in ignoring)
    return not is_ignoring and not set(_FREE) & set(unsent)


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _constants(judge: BenchJudge) -> dict[str, Any]:
    provenance = judge.provenance
    return {
        "rubric": judge.instructions.name,
        "judge": judge.name,
        "frame_rate": judge.settings.shown_rate,
        "rubric_origin": provenance["prompt_template_origin"],
        "rubric_digest": provenance["prompt_template_digest"],
        "backend": provenance["backend"],
        "revision": provenance["revision"],
        "settings": json.dumps(
            json.loads(provenance["settings"] or "{}"), sort_keys=True, ensure_ascii=False
        ),
    }


def _frame(rows: Sequence[Row], schema: pa.Schema) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(pa.Table.from_pylist(list(rows), schema=schema)))
