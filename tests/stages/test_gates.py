"""How far samples came, and which may go on: by what was made, what of it is scored, and the thresholds."""

from __future__ import annotations

import polars as pl
import pytest

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.new_samples import NEW_PROGRESS_COLUMNS
from sparkle_curation.stages.gates import (
    MADE_KINDS,
    Scored,
    count_progress,
    may_go_on,
    only_going_on,
    tell_progress,
)

FIRST, SECOND, LAST = STAGES[0], STAGES[1], STAGES[-1]
SAMPLES = pl.DataFrame({"id": ["a", "b", "c", "d"], "theme": "time"})
NOTHING = pl.DataFrame(
    schema={"id": pl.String, "kind": pl.String, "error": pl.String, "error_detail": pl.String}
)


def made(*rows: tuple[str, str] | tuple[str, str, str]) -> pl.DataFrame:
    """Media of samples and kinds, some with an error."""
    told = [
        {"id": row[0], "kind": row[1], "error": row[2] if len(row) > 2 else None, "error_detail": None}
        for row in rows
    ]
    return pl.DataFrame(told, schema=NOTHING.schema)


def scored(stage: object, scores: dict[str, float | str]) -> Scored:
    """Scores of a stage; a text is the fault of a sample without one."""
    column = stage.score_column  # type: ignore[attr-defined]
    rows = [
        {
            "id": name,
            column: None if isinstance(score, str) else score,
            "fault": score if isinstance(score, str) else None,
            "fault_detail": None,
        }
        for name, score in scores.items()
    ]
    schema = {"id": pl.String, column: pl.Float64, "fault": pl.String, "fault_detail": pl.String}
    thresholds = {each.name: each.published_threshold for each in stage.criteria}  # type: ignore[attr-defined]
    return Scored(pl.DataFrame(rows, schema=schema), thresholds)


def said(progress: pl.DataFrame, kind: str) -> dict[str, tuple[str, str | None]]:
    """Outcome and reason of each sample at a kind."""
    own = progress.filter(stage=kind).select("id", "outcome", "reason")
    return {name: (outcome, reason) for name, outcome, reason in own.rows()}


def test_score_at_the_threshold_passes_and_one_below_fails() -> None:
    """Beside them one that was not scored, and one whose judge had a fault."""
    threshold = FIRST.published_threshold
    scores = scored(FIRST, {"a": threshold, "b": threshold - 0.01, "c": "unparsable", "d": "not_asked"})
    kind = FIRST.edited_kind
    progress = tell_progress(SAMPLES, made(*((name, kind) for name in "abcd")), NOTHING, {FIRST.name: scores})
    assert said(progress, kind) == {
        "a": ("passed", None),
        "b": ("failed", "below_threshold"),
        "c": ("fault", "unparsable"),
        "d": ("waiting", "not_scored"),
    }
    assert progress.schema == frame_schema(NEW_PROGRESS_COLUMNS)
    assert progress.height == len(MADE_KINDS) * SAMPLES.height
    assert progress.filter(stage=kind, id="b").select("score", "threshold").row(0) == (
        threshold - 0.01,
        threshold,
    )


def test_what_stopped_waits_at_every_later_stage_and_may_not_go_on() -> None:
    """Only what passed the scored stage before may be made; the first kind may be made of all."""
    scores = scored(FIRST, {"a": 9.9, "b": 1.0})
    progress = tell_progress(
        SAMPLES, made(("a", FIRST.edited_kind), ("b", FIRST.edited_kind)), NOTHING, {FIRST.name: scores}
    )
    assert said(progress, SECOND.edited_kind) == {
        "a": ("waiting", "not_made"),
        "b": ("waiting", "stopped"),
        "c": ("waiting", "stopped"),
        "d": ("waiting", "stopped"),
    }
    assert may_go_on(progress, SECOND.edited_kind).to_list() == ["a"]
    assert sorted(may_go_on(progress, FIRST.edited_kind)) == ["a", "b", "c", "d"]
    assert only_going_on(SAMPLES, progress, KIND.background_video).is_empty()
    assert only_going_on(SAMPLES, pl.DataFrame(), SECOND.edited_kind).height == 4


def test_what_could_not_be_made_has_its_error_and_what_is_broken_too() -> None:
    """A fault of the stage, and one of the file; a file that is there goes before the fault of another run."""
    kind = FIRST.edited_kind
    faults = made(("a", kind, "out_of_memory"), ("b", kind, "out_of_memory"))
    progress = tell_progress(SAMPLES, made(("b", kind), ("c", kind, "truncated")), faults, {})
    assert said(progress, kind) == {
        "a": ("fault", "out_of_memory"),
        "b": ("waiting", "not_scored"),
        "c": ("fault", "truncated"),
        "d": ("waiting", "not_made"),
    }


def test_kinds_without_a_score_pass_where_they_are_made_and_stop_nobody() -> None:
    """A background video that is not there does not keep the edited video from its score: others may have made it."""
    all_made = made(*(("a", kind) for kind in (FIRST.edited_kind, SECOND.edited_kind, LAST.edited_kind)))
    scores = {stage.name: scored(stage, {"a": 9.9}) for stage in STAGES}
    progress = tell_progress(SAMPLES.head(1), all_made, NOTHING, scores)
    assert said(progress, KIND.background_video) == {"a": ("waiting", "not_made")}
    assert said(progress, LAST.edited_kind) == {"a": ("passed", None)}


@pytest.mark.parametrize("samples", [SAMPLES.clear(), SAMPLES])
def test_each_sample_has_a_row_of_each_kind_whatever_is_there(samples: pl.DataFrame) -> None:
    """Without media, scores or samples; the counts add up."""
    progress = tell_progress(samples, NOTHING, NOTHING, {})
    assert progress.height == samples.height * len(MADE_KINDS)
    assert count_progress(progress)["count"].sum() == progress.height
