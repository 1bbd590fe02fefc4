"""``passes: adaptive``: one pass of each sample, and the others only where the first leaves open whether it is kept.

A recorded score is a mean over the passes, and each answer lies between 0 and the range. So the first pass bounds what all
passes can come to: where both bounds lie on one side of the threshold, the others cannot change the outcome. A ``margin``
decides more, and not without error: a first pass so far from the threshold is taken for the outcome.

What comes of it stands in columns of its own (``ADAPTIVE`` of ``spec.tables.reruns.rescores``): a mean of one pass is
another measure than one of four, and where passes stop depends on the threshold. The first pass and the others have rows
of their own in the journal, whose keys hold neither threshold nor margin: another one asks for further passes, and for
none again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
import xxhash

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.model_jobs.answers import Answer
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import ASPECTS, Attempt, Scoring
from sparkle_curation.scoring.kept_answers import Row, read_scorings, records_of, values_of
from sparkle_curation.spec.stages import STAGE_BY_NAME, Criterion, Stage
from sparkle_curation.spec.tables.reruns.rescores import ADAPTIVE, OPEN

logger = logging.getLogger(__name__)

Part = Literal["first pass", "other passes"]
FIRST: Part = "first pass"
OTHERS: Part = "other passes"

_SLICE_ROWS = 512


@dataclass(frozen=True)
class AdaptiveRule:
    """When the first pass decides.

    Attributes:
        thresholds: by the name of a criterion.
        margin: how far from the threshold a first pass decides, in points of the score; None for the bounds alone.
        score_scale: range and passes of a sample that is left open.
    """

    thresholds: Mapping[str, float]
    margin: float | None
    score_scale: ScoreScale

    def outcome(self, stage: Stage, first: Sequence[Scoring]) -> bool | None:
        """Whether the sample is kept, as the first pass tells; None where it leaves that open.

        Args:
            stage: that was scored.
            first: of each picture the one pass, without a fault.
        """
        value, low, high = (
            values_of(records_of(scorings, stage, score_scale), stage)
            for scorings, score_scale in (
                (first, ScoreScale(self.score_scale.score_range, 1)),
                (self._continued(first, 0), self.score_scale),
                (self._continued(first, self.score_scale.score_range), self.score_scale),
            )
        )
        met = [
            self._is_met(each, value[each.name], low[each.name], high[each.name]) for each in stage.criteria
        ]
        if False in met:
            return False
        return None if None in met else True

    def is_kept(self, stage: Stage, values: Mapping[str, float]) -> bool:
        """Whether the values meet each criterion of the stage."""
        return all(each.is_met(values[each.name], self.thresholds[each.name]) for each in stage.criteria)

    def settings(self, stage: Stage) -> str:
        """The rule as the tables have it."""
        thresholds = {each.name: self.thresholds[each.name] for each in stage.criteria}
        facts = {"margin": self.margin, "passes": self.score_scale.passes, "thresholds": thresholds}
        return json.dumps(facts, sort_keys=True)

    def _is_met(self, criterion: Criterion, value: float, low: float, high: float) -> bool | None:
        threshold = self.thresholds[criterion.name]
        is_met = bool(criterion.is_met(value, threshold))
        is_certain = bool(criterion.is_met(low, threshold)) == bool(criterion.is_met(high, threshold))
        is_far = self.margin is not None and abs(value - threshold) >= self.margin
        return is_met if is_certain or is_far else None

    def _continued(self, first: Sequence[Scoring], answer: int) -> list[Scoring]:
        further = [Attempt("", Answer((answer, answer), None), 1)] * (self.score_scale.passes - 1)
        return [
            Scoring({aspect: [*scoring.attempts[aspect], *further] for aspect in ASPECTS})
            for scoring in first
        ]


def part_of(jobs: pl.DataFrame, part: Part) -> pl.DataFrame:
    """The jobs, with the keys of the answers to a part of the passes."""
    keys = [xxhash.xxh3_128_hexdigest(f"{part} {key}".encode()) for key in jobs[KEY]]
    return jobs.with_columns(pl.Series(KEY, keys, pl.String))


def open_jobs(jobs: pl.DataFrame, answers: JournalRows, rule: AdaptiveRule) -> pl.DataFrame:
    """The jobs of the other passes; asked for are those whose first pass has answers and leaves the outcome open.

    Args:
        jobs: from ``list_jobs``.
        answers: of the journal.
        rule: that decides.
    """
    is_open = [
        said is not None
        and said["error"] is None
        and rule.outcome(stage, list(read_scorings(said["answers"], rule.score_scale))) is None
        for stage, said, _ in _said(jobs, answers)
    ]
    others = part_of(jobs, OTHERS)
    return others.with_columns(pl.col("is_asked") & pl.Series(is_open, dtype=pl.Boolean))


def add_outcomes(jobs: pl.DataFrame, answers: JournalRows, rule: AdaptiveRule) -> pl.DataFrame:
    """The jobs with ``ADAPTIVE``: null where the journal has no first pass.

    Of a sample that the first pass decides it alone counts, though an earlier run asked further: what stands there does
    not depend on the order of runs.
    """
    if not answers.holds(part_of(jobs, FIRST)[KEY].to_arrow()).any():
        return without_outcomes(jobs)
    rows = [_outcome(rule, *found) for found in _said(jobs, answers)]
    return jobs.hstack(pl.DataFrame(rows, schema=frame_schema(ADAPTIVE), orient="row"))


def without_outcomes(jobs: pl.DataFrame) -> pl.DataFrame:
    """The jobs with ``ADAPTIVE``, all null."""
    return jobs.with_columns(pl.lit(None, kind).alias(name) for name, kind in frame_schema(ADAPTIVE).items())


def tell_outcomes(jobs: pl.DataFrame) -> None:
    """Say of each stage how many samples one pass decided, and what all came to."""
    decided = pl.col("adaptive_passes") == 1
    counts = jobs.group_by("stage", maintain_order=True).agg(
        pl.col("adaptive_passes").count().alias("scored"),
        decided.sum().alias("decided"),
        pl.col("adaptive_is_kept").sum().alias("kept"),
    )
    for stage, scored, once, kept in counts.iter_rows():
        logger.info(
            "%s: %s scored with adaptive passes, %s of them by the first alone; %s are kept",
            *(stage, f"{scored:,}", f"{once:,}", f"{kept:,}"),
        )


def _said(jobs: pl.DataFrame, answers: JournalRows) -> Iterator[tuple[Stage, Row | None, Row | None]]:
    """Of each job its stage, and what the journal has of its first pass and of the others."""
    for slices in zip(
        jobs.iter_slices(_SLICE_ROWS),
        part_of(jobs, FIRST).iter_slices(_SLICE_ROWS),
        part_of(jobs, OTHERS).iter_slices(_SLICE_ROWS),
        strict=True,
    ):
        keys = [part[KEY] for part in slices[1:]]
        first, others = ({row[KEY]: row for row in answers.take(key.to_arrow()).to_pylist()} for key in keys)
        for stage, first_key, other_key in zip(slices[0]["stage"], *keys, strict=True):
            yield STAGE_BY_NAME[stage], first.get(first_key), others.get(other_key)


def _outcome(rule: AdaptiveRule, stage: Stage, first: Row | None, others: Row | None) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(frame_schema(ADAPTIVE))
    if first is None:
        return found
    found["adaptive_settings"] = rule.settings(stage)
    if first["error"]:
        return found | {"adaptive_fault": first["error"]}
    answers, passes = first["answers"], 1
    if rule.outcome(stage, list(read_scorings(answers, rule.score_scale))) is None:
        if others is None:
            return found | {"adaptive_fault": OPEN}
        if others["error"]:
            return found | {"adaptive_fault": others["error"]}
        answers, passes = [*answers, *others["answers"]], rule.score_scale.passes
    score_scale = ScoreScale(rule.score_scale.score_range, passes)
    values = values_of(records_of(list(read_scorings(answers, score_scale)), stage, score_scale), stage)
    return found | {
        "adaptive_score": values[stage.criteria[0].name],
        "adaptive_passes": passes,
        "adaptive_is_kept": rule.is_kept(stage, values),
    }
