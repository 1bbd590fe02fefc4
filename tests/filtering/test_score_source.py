"""Whose scores a curation uses, and what a rescore without a score comes to."""

from __future__ import annotations

import polars as pl
import pytest
from tests.made.tables import THRESHOLDS, known, same_scores

from sparkle_curation.errors import MissingTableError
from sparkle_curation.filtering.score_source import ScoreSource, choose_scores, faults_that_count
from sparkle_curation.filtering.verdicts import apply_thresholds, mark_imputed
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES

A, B, C = "Sparkle_time_000001", "Sparkle_time_000002", "Sparkle_time_000003"
VIDEO = STAGES[2]


def scores(**by_id: float) -> pl.LazyFrame:
    """Released scores."""
    return pl.LazyFrame({"id": list(by_id), VIDEO.score_column: list(by_id.values()), "prompt": "Dusk"})


def rescores(**by_id: float | None) -> pl.LazyFrame:
    """Rescores; without a number there is a fault."""
    faults = [None if score else "not_json" for score in by_id.values()]
    rows = {"id": list(by_id), VIDEO.score_column: list(by_id.values()), "fault": faults}
    digests = {"source_digest": "source", "edited_digest": "edited"}
    schema = {"id": pl.String, VIDEO.score_column: pl.Float64, "fault": pl.String}
    return pl.LazyFrame(rows, schema=schema).with_columns(**{k: pl.lit(v) for k, v in digests.items()})


def media(**contents: str) -> pl.LazyFrame:
    """What is there now: of each sample the source video, and an edited one of this content."""
    rows = [
        (name, kind, digest, None, 1)
        for name, edited in contents.items()
        for kind, digest in ((VIDEO.source_kind, "source"), (VIDEO.edited_kind, edited))
    ]
    names = ("id", "kind", "index_hash", "container", "size_bytes")
    schema = dict.fromkeys(names[:4], pl.String) | {"size_bytes": pl.Int64}
    return pl.LazyFrame(rows, schema=schema, orient="row")


def test_a_score_of_another_file_is_none(caplog: pytest.LogCaptureFixture) -> None:
    """B's video was made again since; of C there is no file here, so that nothing can be said. A command says what to do."""
    told = rescores(**{A: 9.0, B: 9.0, C: 9.0})
    now = media(**{A: "edited", B: "another"})
    chosen = choose_scores(scores(**{B: 7.0}), told, VIDEO, "rescored_else_released", now).collect()
    assert chosen.sort("id").rows() == [(A, 9.0, "rescored"), (B, 7.0, "released"), (C, 9.0, "rescored")]
    assert "1 rescores are of other files" in caplog.text
    assert "kedro run --pipelines score" in caplog.text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("released", [(A, 8.0, "released"), (B, 7.0, "released")]),
        ("rescored", [(A, 9.0, "rescored"), (C, 6.0, "rescored")]),
        ("rescored_else_released", [(A, 9.0, "rescored"), (B, 7.0, "released"), (C, 6.0, "rescored")]),
    ],
)
def test_each_policy_has_its_scores(source: ScoreSource, expected: list[tuple[str, float, str]]) -> None:
    """A rescore with a fault is none, so the release's score counts where it may."""
    chosen = choose_scores(
        scores(**{A: 8.0, B: 7.0}), rescores(**{A: 9.0, B: None, C: 6.0}), VIDEO, source, media()
    )
    assert chosen.collect().sort("id").rows() == expected


def test_the_release_needs_no_rescores() -> None:
    """Their table need not be there, unless it is asked for; then the error says how to make it."""
    assert choose_scores(scores(**{A: 8.0}), pl.LazyFrame(), VIDEO, "released", media()).collect().height == 1
    for source in ("rescored", "rescored_else_released"):
        with pytest.raises(MissingTableError, match="--pipelines score"):
            choose_scores(scores(**{A: 8.0}), pl.LazyFrame(), VIDEO, source, media())


def test_the_verdict_says_whose_score_it_is() -> None:
    """By stage; an unscored one is nobody's, whatever the table says."""
    tables = {name: table.lazy() for name, table in same_scores({A: 9.0, B: 9.0}).items()}
    tables[VIDEO.name] = pl.LazyFrame(
        {"id": [A, B], VIDEO.score_column: [9.0, float("nan")], "score_source": "rescored"}
    )
    verdicts = apply_thresholds(known(A, B), tables, THRESHOLDS, "keep")
    assert verdicts["edited_video_score_source"].to_list() == ["rescored", None]
    assert verdicts["edited_frame0_score_source"].to_list() == ["released", "released"]


def test_a_fault_of_a_released_score_says_nothing_of_a_rescore() -> None:
    """The audit is of the release; a sample that goes by a rescore there is not imputed."""
    faults = pl.DataFrame(
        {"id": [A, B, A], "stage": [VIDEO.name, VIDEO.name, "edited_frame0"], "is_imputed": True}
    )
    released = {
        name: scores(**{A: 9.0, B: 9.0}).with_columns(score_source=pl.lit("released")) for name in STAGE_NAMES
    }
    chosen = released | {VIDEO.name: pl.LazyFrame({"id": [A, B], "score_source": ["rescored", "released"]})}
    marked = mark_imputed(known(A, B), faults_that_count(faults, chosen))
    assert marked["edited_video_is_imputed"].to_list() == [False, True]
    assert marked["edited_frame0_is_imputed"].to_list() == [True, False]
