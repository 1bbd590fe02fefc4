"""Each rule is found by a score made to break it, and scores that EditScore gives break none."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.made.scores import (
    NO_SCORE,
    OUT_OF_RANGE,
    SAMPLE,
    SCORE_SCALE,
    Pairs,
    faults,
    faults_of_frame,
    faults_of_still,
    frame,
    raw_output,
    still,
    videos,
)
from tests.made.tables import same_scores

from sparkle_curation.ingest.jsonl.table import ingest_jsonl
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.scoring.audit.score_audit import compare_with_thresholds, find_score_faults
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.spec.codes.score_rules import ScoreRule
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES
from sparkle_curation.spec.tables.ingested import JSONL_TABLES, SCORE_AUDIT_COLUMNS, SCORE_FAULT_COLUMNS
from synthetic.large import write_large_release

GOOD: Pairs = [(20, 23), (23, 17), (23, 23), (24, 22)]  # the frame on the dataset card
GOOD_STILL = [(24, 20, 23), (23, 25, 17), (23, 23, 23), (25, 24, 22)]
THRESHOLDS = {"edited_frame0": 8.0, "foreground_removed": 8.5, "edited_video": 8.0}

answers = st.integers(0, 25)
four_pairs = st.lists(st.tuples(answers, answers), min_size=4, max_size=4)


def replaced(passes: Pairs, place: int, pair: tuple[float, float]) -> Pairs:
    """The passes with another one at a place."""
    return [*passes[:place], pair, *passes[place + 1 :]]


# ------------------------------------------------------------------ one broken sample a rule
BROKEN_FRAMES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an answer without scores in the second pass": (
        frame(replaced(GOOD, 1, (NO_SCORE, 17))),
        ["off_lattice"],
    ),
    "an answer out of range in the last pass": (
        frame(replaced(GOOD, 3, (24, OUT_OF_RANGE))),
        ["off_lattice"],
    ),
    "no answer in the first pass": (
        frame(replaced(GOOD, 0, (NO_SCORE, 23))),
        ["off_lattice", "raw_output_unparsable"],
    ),
    "an overall score above its parts": (
        frame(GOOD, O_score=8.75),
        ["above_geometric_mean"],
    ),
    "a first answer of 26, read all the same": (
        frame(GOOD, SC_raw_output='{"reasoning": "Great.", "score": [26, 20]}'),
        ["raw_output_unparsable"],
    ),
    "a first answer lower than the mean can bear": (
        frame(GOOD, SC_raw_output=raw_output(14)),
        ["raw_output_impossible_mean"],
    ),
    "a first answer higher than a low mean": (
        frame([(1, 20)] * 4, SC_raw_output=raw_output(5)),
        ["raw_output_impossible_mean"],
    ),
    "two answers without scores that cancel out on the lattice": (
        frame(replaced(replaced(GOOD, 1, (NO_SCORE, 17)), 2, (NO_SCORE, 23))),
        ["no_pass_decomposition"],
    ),
    "an overall score of no passes": (
        frame(GOOD, O_score=8.7),
        ["no_pass_decomposition"],
    ),
    "another sample's first answer": (
        frame(GOOD, PQ_raw_output=raw_output(24)),
        ["no_pass_decomposition"],
    ),
    "a guess": (
        frame(GOOD, SC_score_reasoning="guess_if_cannot_parse | Fine."),
        ["guess_marker"],
    ),
}


@pytest.mark.parametrize(("record", "rules"), BROKEN_FRAMES.values(), ids=BROKEN_FRAMES)
def test_a_broken_frame_is_found_by_its_rule(record: dict[str, Any], rules: list[str]) -> None:
    """By its rule, and by no other that does not hold as well."""
    assert faults_of_frame(record) == rules


BROKEN_STILLS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a sub-score off the lattice": (still(GOOD_STILL, prompt_following=9.55), ["off_lattice"]),
    "an overall score above its parts": (still(GOOD_STILL, overall=9.01), ["above_geometric_mean"]),
    "a guess in the last pass": (
        still(GOOD_STILL, PQ_reasoning="guess_if_cannot_parse | Sharp."),
        ["guess_marker"],
    ),
}


@pytest.mark.parametrize(("record", "rules"), BROKEN_STILLS.values(), ids=BROKEN_STILLS)
def test_a_broken_still_is_found_by_its_rule(record: dict[str, Any], rules: list[str]) -> None:
    """At both stages of stills."""
    found = faults(first={SAMPLE: record}, second={SAMPLE: record})
    assert found["rule"].to_list() == rules * 2
    assert found["stage"].to_list() == ["edited_frame0", "foreground_removed"]


def test_every_rule_has_a_broken_sample() -> None:
    """No rule stands unproven."""
    broken = [*BROKEN_FRAMES.values(), *BROKEN_STILLS.values()]
    assert {rule for _, rules in broken for rule in rules} == set(ScoreRule)


# ------------------------------------------------------------------ no false alarm
@settings(max_examples=25)  # each goes through the whole audit
@given(four_pairs)
def test_a_frame_made_of_passes_violates_nothing(passes: Pairs) -> None:
    """Whatever the judge answers, its frame is clean."""
    assert faults_of_frame(frame(passes)) == []


@settings(max_examples=25)  # each goes through the whole audit
@given(st.lists(st.tuples(answers, answers, answers), min_size=4, max_size=4))
def test_a_still_made_of_passes_violates_nothing(passes: list[tuple[int, int, int]]) -> None:
    """Whatever the judge answers, its still is clean."""
    assert faults_of_still(still(passes)) == []


@settings(max_examples=25)  # each goes through the whole audit
@given(st.integers(1, 12), st.integers(1, 4), st.data())
def test_other_settings_violate_nothing_of_their_own(
    score_range: int, passes: int, data: st.DataObject
) -> None:
    """The rules follow the score scale that they are given."""
    score_scale, each = ScoreScale(score_range, passes), st.integers(0, score_range)
    pairs = data.draw(st.lists(st.tuples(each, each), min_size=passes, max_size=passes))
    raw = {
        f"{name}_raw_output": f'{{"score": [{answer}, {score_range}]}}'
        for name, answer in zip(("SC", "PQ"), pairs[0], strict=True)
    }
    assert faults_of_frame(frame(pairs, score_scale, **raw), score_scale) == []


def ingested(root: Path) -> list[pl.LazyFrame]:
    """The three score tables of a release."""
    tables = []
    for stage in STAGES:
        stream = ingest_jsonl(JSONL_TABLES[stage.table], ReleaseFiles(str(root)), lambda _: None).rows
        pieces = pa.concat_tables([stream.schema.empty_table(), *stream.batches()])
        tables.append(pl.DataFrame(pl.from_arrow(pieces)).lazy())
    return tables


def test_the_sample_release_violates_nothing(sample_release: Path) -> None:
    """All samples that reach a stage, at each."""
    tables = ingested(sample_release)
    assert [table.select(pl.len()).collect().item() for table in tables] == [120, 105, 90]
    assert_frame_equal(find_score_faults(dict(zip(STAGE_NAMES, tables, strict=True))), faults())


def test_a_large_release_violates_nothing(tmp_path: Path) -> None:
    """2,000 samples, 8,000 frames."""
    write_large_release(tmp_path, 2000, seed=5, tables=[stage.table for stage in STAGES])
    tables = ingested(tmp_path)
    assert tables[2].select(pl.len()).collect().item() == 2000
    assert_frame_equal(find_score_faults(dict(zip(STAGE_NAMES, tables, strict=True))), faults())


# ------------------------------------------------------------------ one imputed value
@settings(max_examples=25)  # each goes through the whole audit
@given(four_pairs, st.integers(0, 3), st.sampled_from([NO_SCORE, OUT_OF_RANGE]), st.booleans())
def test_one_imputed_value_is_found_in_any_pass(passes: Pairs, place: int, value: float, is_sc: bool) -> None:
    """In either sub-score, and the evidence names it: no single one comes out on the lattice."""
    sc, pq = passes[place]
    record = frame(replaced(passes, place, (value, pq) if is_sc else (sc, value)))
    evidence = faults(video={SAMPLE: [record]}).filter(pl.col("rule") == "off_lattice")["evidence"].item()
    assert f"one imputed {5 if value == NO_SCORE else 12.5} moves it there" in evidence


@settings(max_examples=25)  # each goes through the whole audit
@given(four_pairs, st.integers(0, 3))
def test_an_imputed_value_in_both_answers_of_a_pass_is_found(passes: Pairs, place: int) -> None:
    """Both sub-scores leave the lattice."""
    assert "off_lattice" in faults_of_frame(frame(replaced(passes, place, (NO_SCORE, NO_SCORE))))


@settings(max_examples=25)  # each goes through the whole audit
@given(st.lists(st.tuples(answers, answers, answers), min_size=4, max_size=4), st.integers(0, 2))
def test_a_guess_before_the_last_pass_cannot_be_told_from_an_answer(
    passes: list[tuple[int, int, int]], place: int
) -> None:
    """A drawn number is a whole answer, and only the last pass's reasons are recorded."""
    guessed = [*passes[:place], (20, 20, 3), *passes[place + 1 :]]
    assert faults_of_still(still(guessed)) == []


# ------------------------------------------------------------------ without the imputed value
def without(passes: Pairs, place: int, *others: Pairs) -> float:
    """The mean over frames, the first of them without its pass at ``place``."""
    rest = [*passes[:place], *passes[place + 1 :]]
    first = ScoreScale(25, 3).overall([sc for sc, _ in rest], [pq for _, pq in rest])
    more = [SCORE_SCALE.overall([sc for sc, _ in each], [pq for _, pq in each]) for each in others]
    return math.fsum([first, *more]) / (1 + len(more))


@settings(max_examples=25)  # each goes through the whole audit
@given(four_pairs, st.integers(0, 3), st.sampled_from([NO_SCORE, OUT_OF_RANGE]), st.booleans())
def test_the_score_without_the_imputed_pass_is_that_of_the_others(
    passes: Pairs, place: int, value: float, is_sc: bool
) -> None:
    """Where it can be told, it is right; where two passes would fit, there is none."""
    sc, pq = passes[place]
    imputed = replaced(passes, place, (value, pq) if is_sc else (sc, value))
    found = faults(video={SAMPLE: [frame(imputed)]})["score_without_imputed_pass"].unique().to_list()
    expected = without(imputed, place)
    assert found == [None] or found == [pytest.approx(expected, abs=1e-6)]


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("value", [NO_SCORE, OUT_OF_RANGE])
def test_a_imputed_pass_of_the_published_frame_can_be_left_out(place: int, value: float) -> None:
    """Realistic answers tell which passes there were."""
    imputed = replaced(GOOD, place, (value, GOOD[place][1]))
    found = faults(video={SAMPLE: [frame(imputed), frame(GOOD)]})
    assert (
        found["score_without_imputed_pass"].to_list()
        == [pytest.approx(without(imputed, place, GOOD), abs=1e-9)] * found.height
    )


def test_no_score_is_imputed_where_the_passes_are_unknown() -> None:
    """One frame that can be repaired does not stand for another that cannot."""
    found = faults(video={SAMPLE: [frame(replaced(GOOD, 1, (NO_SCORE, 17))), frame(GOOD, O_score=8.7)]})
    assert found["rule"].to_list() == ["off_lattice", "no_pass_decomposition"]
    assert found["score_without_imputed_pass"].to_list() == [None, None]


# ------------------------------------------------------------------ what a row says
def test_a_row_names_sample_stage_frame_and_numbers() -> None:
    """Everything that a person needs to look it up."""
    passes = replaced(GOOD, 2, (NO_SCORE, 23))
    found = faults(video={SAMPLE: [frame(GOOD), frame(passes)]})
    score = (frame(GOOD)["O_score"] + frame(passes)["O_score"]) / 2
    assert found.row(0, named=True) == {
        "id": SAMPLE,
        "theme": "time",
        "stage": "edited_video",
        "frame": 26,
        "rule": "off_lattice",
        "is_imputed": True,
        "evidence": "SC_score 7.95 is no multiple of 0.1: in 4 passes, one imputed 5 moves it there",
        "score": pytest.approx(score),
        "score_without_imputed_pass": pytest.approx(without(passes, 2, GOOD)),
    }


RAISED = replaced([(20, 20)] * 4, 1, (OUT_OF_RANGE, 20))  # 8.5 with the pass, 8.0 without
LOWERED = replaced(GOOD, 2, (NO_SCORE, 23))  # 8.12 with the pass, 8.56 without


@pytest.mark.parametrize(
    ("passes", "threshold", "changes"),
    [
        (RAISED, 8.0, False),
        (RAISED, 8.1, True),
        (RAISED, 8.5, True),
        (RAISED, 8.6, False),
        (LOWERED, 8.0, False),
        (LOWERED, 8.5, True),
        (LOWERED, 9.0, False),
    ],
)
def test_the_audit_says_whether_a_sample_changes_sides(
    passes: Pairs, threshold: float, changes: bool
) -> None:
    """Kept with the imputed value and rejected without it, or the other way round."""
    audit = compare_with_thresholds(
        faults(video={SAMPLE: [frame(passes)]}), THRESHOLDS | {"edited_video": threshold}
    )
    assert audit.select("threshold", "changes_side").rows() == [(threshold, changes)]


def test_a_side_is_not_imputed_either() -> None:
    """Without a score there is no side that it would lie on."""
    audit = compare_with_thresholds(faults(first={SAMPLE: still(GOOD_STILL, overall=9.01)}), THRESHOLDS)
    assert audit.select("score", "score_without_imputed_pass", "changes_side").rows() == [(9.01, None, None)]


def test_both_tables_have_their_declared_columns() -> None:
    """Also when nothing is at fault."""
    found = faults()
    for table, columns in (
        (found, SCORE_FAULT_COLUMNS),
        (compare_with_thresholds(found, THRESHOLDS), SCORE_AUDIT_COLUMNS),
    ):
        assert table.is_empty()
        empty = pl.DataFrame(pl.from_arrow(arrow_schema(columns).empty_table()))
        assert table.schema == empty.schema


def test_rows_without_sub_scores_are_passed_over() -> None:
    """A table whose scores are null, as a hand-made one may be, has no violation."""
    tables = same_scores({SAMPLE: 9.0})
    assert find_score_faults(tables).is_empty()


def test_the_order_of_rows_does_not_matter_and_tables_stay_as_they_are() -> None:
    """By stage, id, frame and rule."""
    records = {
        f"Sparkle_time_00000{number}": [record]
        for number, (record, _) in enumerate(BROKEN_FRAMES.values())
        if number < 10
    }
    forward, backward = videos(records), videos(dict(reversed(records.items())))
    before = forward.clone()
    none = {stage: table.clear() for stage, table in same_scores({SAMPLE: 9.0}).items()}
    first, second = (find_score_faults(none | {"edited_video": videos}) for videos in (forward, backward))
    assert_frame_equal(first, second)
    assert_frame_equal(forward, before)


def test_samples_looked_at_in_several_slices_violate_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three samples a slice, the last slice with one; no sample is seen twice or not at all."""
    records = {
        f"Sparkle_time_00000{number}": [record]
        for number, (record, _) in enumerate(list(BROKEN_FRAMES.values())[:7])
    }
    none = {stage: table.clear() for stage, table in same_scores({SAMPLE: 9.0}).items()}
    tables = none | {"edited_video": videos(records)}
    together = find_score_faults(tables)
    assert together["id"].n_unique() > 4
    monkeypatch.setattr("sparkle_curation.scoring.audit.score_audit._SLICE_ROWS", 3)
    assert_frame_equal(find_score_faults(tables), together)
