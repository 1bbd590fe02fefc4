"""What is to be scored, and what cannot be: one row per sample and stage, known by everything that a score depends on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from tests.made.media import file, media

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.scoring.jobs import Scope, ShowRules, list_jobs, look_up_prompts
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES

A, B, C = "Sparkle_time_000001", "Sparkle_time_000002", "Sparkle_style_000003"
RULES = ShowRules(dict.fromkeys(STAGE_NAMES, "{prompt}"))
ALL = Scope(STAGE_NAMES)
KINDS = {kind for stage in STAGES for kind in (stage.source_kind, stage.edited_kind)}


def files(sample_id: str, **changes: Any) -> pl.DataFrame:
    """All assets of a sample that are judged; ``changes`` by asset kind, None for one that is not there."""
    kinds = [kind for kind in sorted(KINDS) if changes.get(kind, {}) is not None]
    rows = [{"index_hash": f"{sample_id} {kind}", **changes.get(kind, {})} for kind in kinds]
    return media(*(file(sample_id, kind, **row) for kind, row in zip(kinds, rows, strict=True)))


def prompts(**by_id: str) -> pl.DataFrame:
    """The prompt of each sample, the same at each stage."""
    return pl.DataFrame({"id": list(by_id), **{stage: list(by_id.values()) for stage in STAGE_NAMES}})


def jobs(found: pl.DataFrame, said: pl.DataFrame | None = None, **changes: Any) -> pl.DataFrame:
    """The jobs of these files."""
    settings = {"scope": ALL, "rules": RULES, "judge_digest": "judge"} | changes
    return list_jobs(
        found, prompts(**{A: "Dusk", B: "Dusk", C: "Dusk"}) if said is None else said, **settings
    )


def test_each_stage_has_its_pair() -> None:
    """In the order of the stages; only videos have frames, by their real length."""
    found = jobs(files(A, edited_video={"frame_count": 77}))
    assert found["stage"].to_list() == list(STAGE_NAMES)
    assert found["edited_frames"].to_list() == [[], [], [1, 26, 51, 76]]
    assert found["source_frames"].to_list() == [[], [], [1, 26, 51, 76]]
    assert found["source_digest"].to_list() == [f"{A} {stage.source_kind}" for stage in STAGES]
    assert found["is_asked"].all()


def test_the_source_frame_is_a_rule() -> None:
    """The first one instead of the same."""
    rules = replace(RULES, video_source_frame="first")
    found = jobs(files(A, edited_video={"frame_count": 77}), rules=rules).row(2, named=True)
    assert (found["source_frames"], found["edited_frames"]) == ([0, 0, 0, 0], [1, 26, 51, 76])


def test_the_template_tells_the_instruction() -> None:
    """With the prompt in its place, as often as it stands there, and nothing else read into it."""
    templates = RULES.templates | {"foreground_removed": "Remove all. ({prompt}) [{prompt}]"}
    said = prompts(**{A: "A $1 \\g<0> {x} dusk"})
    found = jobs(files(A), said, rules=replace(RULES, templates=templates))
    assert found["edit_prompt"].to_list() == [
        "A $1 \\g<0> {x} dusk",
        "Remove all. (A $1 \\g<0> {x} dusk) [A $1 \\g<0> {x} dusk]",
        "A $1 \\g<0> {x} dusk",
    ]


@pytest.mark.parametrize(
    ("change", "stage", "error"),
    [
        ({"source_video": None}, "edited_video", "missing"),
        ({"edited_video": {"error": "truncated", "index_hash": None}}, "edited_video", "truncated"),
        ({"edited_video": {"frame_count": 4}}, "edited_video", "too_short"),
        ({"source_frame0": {"error": "corrupt", "index_hash": None}}, "edited_frame0", "corrupt"),
    ],
)
def test_what_cannot_be_scored_says_why(change: dict[str, Any], stage: str, error: str) -> None:
    """The sample has a row with its error, and is not asked; other stages are not affected."""
    found = jobs(files(A, **change))
    row = found.filter(pl.col("stage") == stage).row(0, named=True)
    assert (row["error"], row["is_asked"]) == (error, False)
    assert found.filter(pl.col("is_asked")).height >= 1


def test_a_sample_without_a_prompt_is_not_asked() -> None:
    """Nobody could say whether the edit did what it should."""
    found = jobs(files(A), prompts(**{B: "Dusk"}))
    assert set(found["error"]) == {"no_prompt"}
    assert not found["is_asked"].any()


def test_the_scope_says_who_is_asked() -> None:
    """Others are there all the same, so that what was scored before is not taken away."""
    every = media(files(A), files(B), files(C))
    found = jobs(every, scope=Scope(["edited_frame0"], limit=2))
    assert found.height == 9
    assert found.filter("is_asked").select("id", "stage").rows() == [
        (A, "edited_frame0"),
        (B, "edited_frame0"),
    ]


def test_the_key_holds_all_that_a_score_depends_on() -> None:
    """And nothing else: neither another sample nor the theme's other files."""
    key = jobs(files(A))[KEY][0]
    assert jobs(media(files(B), files(A))).filter(pl.col("id") == A)[KEY][0] == key
    others = [
        jobs(files(A), judge_digest="another"),
        jobs(files(A), prompts(**{A: "Dawn"})),
        jobs(files(A, edited_frame0={"index_hash": "other bytes"})),
        jobs(files(A), rules=replace(RULES, templates=dict.fromkeys(STAGE_NAMES, "Do: {prompt}"))),
    ]
    assert key not in {other[KEY][0] for other in others}
    assert len(set(jobs(files(A))[KEY])) == 3


def test_prompts_are_the_records_own() -> None:
    """Those of the annotations where a stage has none."""
    annotations = pl.LazyFrame({"id": [A, B], "prompt": ["Dusk", "Dawn"]})
    scores = {
        "edited_frame0": pl.LazyFrame({"id": [A], "prompt": ["Noon"]}),
        "edited_video": pl.LazyFrame({"id": [C], "prompt": ["Night"]}),
    }
    found = look_up_prompts(annotations, scores).sort("id")
    assert found.rows() == [(C, None, "Night"), (A, "Noon", "Dusk"), (B, "Dawn", "Dawn")]
