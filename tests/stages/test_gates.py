"""How far samples came, and which may go on: by what was made, what of it is scored, and the thresholds."""

from __future__ import annotations

import polars as pl
import pytest

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.new_samples import NEW_PROGRESS_COLUMNS
from sparkle_curation.stages.gates import (
    Scored,
    count_progress,
    tell_draft_standing,
    tell_progress,
    tell_standing,
    without_changed,
)
from sparkle_curation.stages.lineage import MADE_KINDS

FIRST, SECOND, LAST = STAGES[0], STAGES[1], STAGES[-1]
SAMPLES = pl.DataFrame({"id": ["a", "b", "c", "d"], "theme": "time", "prompt": "go"})
NOTHING = pl.DataFrame(
    schema={"id": pl.String, "kind": pl.String, "error": pl.String, "error_detail": pl.String}
)
NOT_OLD = pl.DataFrame(schema={"id": pl.String, "kind": pl.String, "detail": pl.String})
SOURCES = [(name, kind) for name in "abcd" for kind in (KIND.source_frame0, KIND.source_video)]


def made(*rows: tuple[str, str] | tuple[str, str, str], **contents: str) -> pl.DataFrame:
    """Media of samples and kinds beside their sources, some with an error; ``contents`` by sample id are others."""
    told = [
        {
            "id": row[0],
            "kind": row[1],
            "container": None,
            "size_bytes": 1,
            "index_hash": f"{row[0]} {row[1]}{contents.get(row[0], '')}",
            "error": row[2] if len(row) > 2 else None,
            "error_detail": None,
        }
        for row in (*SOURCES, *rows)
    ]
    texts = dict.fromkeys(("id", "kind", "container", "index_hash", "error", "error_detail"), pl.String)
    return pl.DataFrame(told, schema={**texts, "size_bytes": pl.Int64})


def failed(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """What could not be made."""
    return pl.DataFrame([(*row, None) for row in rows], schema=NOTHING.schema, orient="row")


def progress_of(media: pl.DataFrame, scores: dict[str, Scored], **others: pl.DataFrame) -> pl.DataFrame:
    """The progress of samples, of which ``others`` tells faults, what is outdated, or other samples."""
    return tell_progress(
        others.get("samples", SAMPLES),
        media,
        others.get("faults", NOTHING),
        others.get("old", NOT_OLD),
        scores,
    )


def standing(progress: pl.DataFrame, media: pl.DataFrame, kind: str) -> list[str | None]:
    """Of each sample, whether a kind may be made of it, or why not."""
    return tell_standing(SAMPLES, progress, media, kind)["standing"].to_list()


def scored(stage: object, scores: dict[str, float | str]) -> Scored:
    """Scores of a stage; a text is the fault of a sample without one."""
    column = stage.score_column  # type: ignore[attr-defined]
    rows = [
        {
            "id": name,
            column: None if isinstance(score, str) else score,
            "fault": score if isinstance(score, str) else None,
            "fault_detail": None,
            "prompt": "go",
            "source_digest": f"{name} {stage.source_kind}",  # type: ignore[attr-defined]
            "edited_digest": f"{name} {stage.edited_kind}",  # type: ignore[attr-defined]
        }
        for name, score in scores.items()
    ]
    texts = ("id", "fault", "fault_detail", "prompt", "source_digest", "edited_digest")
    schema = {**dict.fromkeys(texts, pl.String), column: pl.Float64}
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
    progress = progress_of(made(*((name, kind) for name in "abcd")), {FIRST.name: scores})
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
    media = made(("a", FIRST.edited_kind), ("b", FIRST.edited_kind))
    progress = progress_of(media, {FIRST.name: scores})
    assert said(progress, SECOND.edited_kind) == {
        "a": ("waiting", "not_made"),
        "b": ("waiting", "stopped"),
        "c": ("waiting", "stopped"),
        "d": ("waiting", "stopped"),
    }
    assert standing(progress, media, SECOND.edited_kind) == [None, *["not_passed"] * 3]
    assert standing(progress, media, FIRST.edited_kind) == [None] * 4
    assert standing(progress, media, KIND.background_video) == ["not_passed"] * 4
    assert standing(pl.DataFrame(), media, SECOND.edited_kind) == [None] * 4


def test_what_could_not_be_made_has_its_error_and_what_is_broken_too() -> None:
    """A fault of the stage, and one of the file; a file that is there goes before the fault of another run."""
    kind = FIRST.edited_kind
    faults = failed(("a", kind, "out_of_memory"), ("b", kind, "out_of_memory"))
    progress = progress_of(made(("b", kind), ("c", kind, "truncated")), {}, faults=faults)
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
    progress = progress_of(all_made, scores, samples=SAMPLES.head(1))
    assert said(progress, KIND.background_video) == {"a": ("waiting", "not_made")}
    assert said(progress, LAST.edited_kind) == {"a": ("passed", None)}


@pytest.mark.parametrize("samples", [SAMPLES.clear(), SAMPLES])
def test_each_sample_has_a_row_of_each_kind_whatever_is_there(samples: pl.DataFrame) -> None:
    """Without media, scores or samples; the counts add up."""
    progress = progress_of(made(), {}, samples=samples)
    assert progress.height == samples.height * len(MADE_KINDS)
    assert count_progress(progress)["count"].sum() == progress.height


@pytest.mark.parametrize(
    ("media", "prompt"),
    [
        (made(("a", FIRST.edited_kind), a="!"), "go"),
        (made(("a", FIRST.edited_kind)), "stay"),
    ],
)
def test_a_score_is_of_its_assets_and_its_prompt(media: pl.DataFrame, prompt: str) -> None:
    """Of others the sample waits to be scored, and shows no old score."""
    sample = SAMPLES.head(1).with_columns(prompt=pl.lit(prompt))
    scores = {FIRST.name: scored(FIRST, {"a": 9.9})}
    progress = progress_of(media, scores, samples=sample)
    assert said(progress, FIRST.edited_kind) == {"a": ("waiting", "scored_before")}
    assert progress.filter(stage=FIRST.edited_kind)["score"].to_list() == [None]


def test_a_fault_of_the_judge_is_of_its_assets_too() -> None:
    """Of the file of before it is none."""
    scores = {FIRST.name: scored(FIRST, {"a": "unparsable"})}
    progress = progress_of(made(("a", FIRST.edited_kind), a="!"), scores, samples=SAMPLES.head(1))
    assert said(progress, FIRST.edited_kind) == {"a": ("waiting", "scored_before")}


def test_what_is_outdated_waits_whatever_its_score() -> None:
    """With of what it was made; a later stage stops there."""
    kind = FIRST.edited_kind
    old = pl.DataFrame([("a", kind, "of another source_frame0")], schema=NOT_OLD.schema, orient="row")
    media = made(("a", kind), ("b", kind))
    progress = progress_of(media, {FIRST.name: scored(FIRST, {"a": 9.9, "b": 9.9})}, old=old)
    row = progress.filter(stage=kind, id="a").row(0, named=True)
    assert (row["outcome"], row["reason"], row["reason_detail"]) == (
        "waiting",
        "outdated",
        "of another source_frame0",
    )
    assert standing(progress, media, SECOND.edited_kind) == ["not_passed", None, "not_passed", "not_passed"]


def test_what_passed_and_changed_waits_to_be_judged() -> None:
    """Any asset of a sample, or its prompt; the others stay as they were told."""
    kinds = [stage.edited_kind for stage in STAGES]
    rows = [(name, kind) for name in "abc" for kind in kinds]
    scores = {stage.name: scored(stage, dict.fromkeys("abc", 9.9)) for stage in STAGES}
    progress = progress_of(made(*rows), scores)
    samples = SAMPLES.with_columns(prompt=pl.when(id="b").then(pl.lit("stay")).otherwise("prompt"))
    held, count = without_changed(progress, samples, made(*rows, ("c", KIND.mask)))
    assert count == 2
    assert said(held, LAST.edited_kind) == {
        "a": ("passed", None),
        "b": ("waiting", "not_judged"),
        "c": ("waiting", "not_judged"),
        "d": ("waiting", "stopped"),
    }
    assert held.columns == progress.columns
    assert without_changed(progress, SAMPLES, made(*rows))[1] == 0


def test_samples_of_a_draft_wait_for_their_mask_and_those_of_a_release_do_not() -> None:
    """Who failed a frame, who changed since, and who has no progress yet; without any progress nobody waits."""
    kinds = [stage.edited_kind for stage in STAGES[:-1]]
    media = made(*((name, kind) for name in "abc" for kind in kinds))
    scores = {stage.name: scored(stage, {"a": 9.9, "b": 9.9, "c": 1.0}) for stage in STAGES[:-1]}
    progress = progress_of(media, scores, samples=SAMPLES[:3])
    told = SAMPLES[:2].with_columns(prompt=pl.Series(["go", "stay"]))
    waits = [("b", "not_judged"), ("c", "not_passed"), ("d", "not_passed")]
    assert tell_draft_standing(progress, SAMPLES.lazy(), told.lazy(), media.lazy()).rows() == waits
    unread = pl.LazyFrame()
    assert tell_draft_standing(progress, SAMPLES, unread, media)["id"].to_list() == ["c", "d"]
    assert tell_draft_standing(unread, unread, unread, unread).is_empty()
