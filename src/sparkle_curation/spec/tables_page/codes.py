"""The codes that stand in tables, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sparkle_curation.spec.codes.bench_answers import AnswerFlag, BenchAnswerFault
from sparkle_curation.spec.codes.bench_reasons import BenchReason, Likeness, OutputDifference, OutputState
from sparkle_curation.spec.codes.bench_states import JudgmentState, PublishedFault
from sparkle_curation.spec.codes.camera_reasons import CameraOutcome, CameraReason
from sparkle_curation.spec.codes.code import Code
from sparkle_curation.spec.codes.diff_reasons import Cause
from sparkle_curation.spec.codes.edge_faults import EdgeFault, ReleasedEdges
from sparkle_curation.spec.codes.generation_faults import GenerationFault
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.codes.new_sample_codes import (
    ClipOutcome,
    ClipReason,
    InstructFault,
    ProvenanceFault,
    StageOutcome,
    StageReason,
)
from sparkle_curation.spec.codes.profile_reasons import ProfileReason
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.codes.score_rules import ScoreRule
from sparkle_curation.spec.codes.signal_faults import SignalFault
from sparkle_curation.spec.tables.preflight import PairOutcome, PairReason


@dataclass(frozen=True)
class CodeTable:
    """Codes that belong together.

    Attributes:
        title: of their table.
        codes: each with its meaning.
        more: what else is told of each, by the title of its column.
    """

    title: str
    codes: Iterable[Code]
    more: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)


def _what_becomes_of_it(reason: Any) -> str:
    return "kept" if reason.is_row_kept else "quarantined"


CODE_TABLES = (
    CodeTable("Reason codes of the quarantine", Reason, {"row": _what_becomes_of_it}),
    CodeTable("Error codes of the media", MediaFault),
    CodeTable("Error codes of the signals, beside those of the media", SignalFault),
    CodeTable("Outcomes of the camera", CameraOutcome),
    CodeTable("Reasons of the camera, beside the error codes of the media", CameraReason),
    CodeTable("Error codes of the edges, beside those of the media", EdgeFault),
    CodeTable("States of released control videos", ReleasedEdges),
    CodeTable("Outcomes of a new clip", ClipOutcome),
    CodeTable("Reasons of a new clip, beside the error codes of the media", ClipReason),
    CodeTable("Codes of the file of provenance", ProvenanceFault),
    CodeTable("Faults of an instruction, beside those of a model and of the media", InstructFault),
    CodeTable("Error codes of what generates, beside those of the media", GenerationFault),
    CodeTable("Outcomes of a stage", StageOutcome),
    CodeTable("Reasons of a stage, beside the error codes of what makes and scores", StageReason),
    CodeTable(
        "Violated rules of the score audit",
        ScoreRule,
        {"proves an imputed value": lambda rule: "yes" if rule.is_imputed else "no"},
    ),
    CodeTable("Outcomes of the preflight", PairOutcome),
    CodeTable("Reasons of the preflight", PairReason, {"outcome": lambda reason: f"`{reason.outcome}`"}),
    CodeTable("Reasons of a difference between two versions", Cause),
    CodeTable(
        "Reason codes of the benchmark, beside those of the quarantine",
        BenchReason,
        {"sample": _what_becomes_of_it},
    ),
    CodeTable("Likenesses of samples of the benchmark and the release", Likeness),
    CodeTable("States of a model's outputs", OutputState),
    CodeTable("Differences of outputs", OutputDifference),
    CodeTable("States of judgments", JudgmentState),
    CodeTable("Why an answer cannot be read", BenchAnswerFault),
    CodeTable("Other forms of answers that are taken", AnswerFlag),
    CodeTable("Faults of published scores", PublishedFault),
    CodeTable("Why a pair is not in the file of a profile, or is odd there", ProfileReason),
)
