"""A judge's answer is an integer for each dimension, in a form that can mean one thing only, or it is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.judging.loopback_judge import DIMENSIONS, lines
from tests.bench.judging.made import rubric_named

from sparkle_curation.bench.judging.answers import BenchAnswer, NoAnswer, answer_schema, parse_answer

RUBRIC = rubric_named("sparkle")
SCORES = (5, 4, 3, 2, 1, 5)


def scores_of(text: str) -> list[int] | str:
    """The scores that a text gives, or the fault that it has."""
    read = parse_answer(text, RUBRIC)
    return list(read.scores.values()) if isinstance(read, BenchAnswer) else read.fault.value


@pytest.mark.parametrize(
    ("form", "flags"),
    [
        ("{name}: {score}", ""),
        ("{name}: {score}.", ""),
        ("{name}:{score}", ""),
        ("  {name} : {score}  ", ""),
        ("- {name}: {score}", "bullet"),
        ("* {name}: {score}", "bullet"),
        ("• {name}: {score}", "bullet"),
        ("1. {name}: {score}", "numbered"),
        ("2) {name}: {score}", "numbered"),
        ("**{name}**: {score}", "bold"),
        ("**{name}:** {score}", "bold"),
        ("**{name}: {score}**", "bold"),
        ("### {name}: {score}", "bold"),
        ("- **{name}**: **{score}**", "bullet bold"),
        ("**3. {name}**: {score}/5", "numbered bold out_of"),
        ("{name}: {score}/5", "out_of"),
        ("{name}: {score} / 5", "out_of"),
        ("{name}: {score} out of 5", "out_of"),
        ("{name}: {score}.0", "decimal"),
        ("{name}: {score} - good", "remark"),
        ("{name}: {score} (good)", "remark"),
        ("{name}: {score}, since it moves", "remark"),
        ("{name} (Liveness): {score}", "heading"),
        ("{name} – {score}", "separator"),  # noqa: RUF001 -- a dash as models write it
        ("{name} = {score}", "separator"),
        ("| {name} | {score} |", "table"),
    ],
)
def test_a_form_that_can_mean_one_thing_is_taken_with_a_flag(form: str, flags: str) -> None:
    """The published forms without; those that real models give with what was odd about them."""
    read = parse_answer(lines(*SCORES, form=form), RUBRIC)
    assert isinstance(read, BenchAnswer), read
    assert tuple(read.scores.values()) == SCORES
    assert " ".join(read.flags) == flags


@pytest.mark.parametrize(
    ("score", "fault"),
    [
        ("4.7", "not_whole"),
        ("5.9", "not_whole"),
        ("4,5", "not_whole"),
        ("0", "out_of_range"),
        ("6", "out_of_range"),
        ("-1", "out_of_range"),
        ("NaN", "not_a_number"),
        ("inf", "not_a_number"),
        ("four", "not_a_number"),
        ("", "not_a_number"),
        ("A number from 1 to 5.", "not_a_number"),
        ("4th", "not_a_number"),
        ("4 frames are torn", "not_a_number"),
        ("4 out of 5 frames", "not_a_number"),
        ("4+", "not_a_number"),
        ("~4", "not_a_number"),
        ("4/10", "other_scale"),
        ("1-5", "several_numbers"),
        ("4 or 5", "several_numbers"),
        ("4, maybe five", "several_numbers"),
        ("4/5/5", "several_numbers"),
        ("1e0", "several_numbers"),
        ("4½", "several_numbers"),
        ("99999999999999999999", "not_whole"),
    ],
)
def test_what_could_mean_something_else_is_none(score: str, fault: str) -> None:
    """Published: 4.7 is 4, 5.9 is 5, 1e0 is 1; a guess is a score that nobody gave."""
    assert scores_of(lines(*SCORES[:-1], score)) == fault


def test_of_two_that_disagree_neither_is_taken() -> None:
    """Published: the last one wins. Two that agree are one, with a flag."""
    assert scores_of(lines(*SCORES) + "\nForeground Integrity: 4") == "contradiction"
    read = parse_answer(lines(*SCORES) + "\nForeground Integrity: 3", RUBRIC)
    assert isinstance(read, BenchAnswer)
    assert read.flags == ("repeated",)


def test_the_name_in_a_sentence_is_no_score() -> None:
    """Reasons may speak of a dimension; what a model thought before does not count."""
    told = "Foreground Integrity is 2 of what it was.\nBackground Dynamics\n"
    assert scores_of(told + lines(*SCORES)) == list(SCORES)
    assert scores_of(f"<think>\n{lines(1, 1, 1, 1, 1, 1)}\n</think>\n{lines(*SCORES)}") == list(SCORES)
    assert scores_of(f"```\n{lines(*SCORES)}\n```") == list(SCORES)


def test_a_missing_dimension_is_named() -> None:
    """So that the judge can be told."""
    read = parse_answer(lines(1, 2, 3, 4, 5, names=DIMENSIONS[:-1]), RUBRIC)
    assert read == NoAnswer(read.fault, "no score for Background Visual Quality")  # type: ignore[union-attr]
    assert read.fault == "missing_dimension"  # type: ignore[union-attr]
    assert scores_of(" \n") == "empty"


def test_an_object_is_read_by_names_or_keys() -> None:
    """As a schema makes it, and as models write it themselves; twice the same member is told apart."""
    named = dict(zip(DIMENSIONS, SCORES, strict=True))
    assert scores_of(json.dumps({"reasoning": "x", **named})) == list(SCORES)
    keyed = dict(zip(RUBRIC.keys, SCORES, strict=True))
    assert scores_of(f"```json\n{json.dumps({'scores': keyed})}\n```") == list(SCORES)
    assert scores_of(json.dumps(named | {"Background Dynamics": 4.5})) == "not_whole"
    assert scores_of(json.dumps(named | {"Background Dynamics": True})) == "not_a_number"
    assert scores_of(json.dumps(named)[:-1] + ', "Foreground Integrity": 1}') == "contradiction"
    assert scores_of('{"Instruction Compliance": NaN}') == "missing_dimension"
    assert set(json.loads(answer_schema(RUBRIC))["required"]) == {"reasoning", *DIMENSIONS}


def test_the_other_rubric_is_read_by_the_same_code() -> None:
    """Three dimensions with marks in their names."""
    rubric = rubric_named("openve")
    text = "Instruction Compliance: 2\nVisual quality and stability: 5\n**Consistency & Detail Fidelity**: 3"
    read = parse_answer(text, rubric)
    assert isinstance(read, BenchAnswer)
    assert read.scores == {"instruction": 2, "visual": 5, "consistency": 3}
    assert rubric.cap(read.scores) == {"instruction": 2, "visual": 2, "consistency": 2}


@given(st.text(max_size=60), st.integers(0, 120))
def test_any_text_is_an_answer_or_a_fault(noise: str, place: int) -> None:
    """Nothing is raised, and whatever is taken is on the scale."""
    text = lines(*SCORES)
    read = parse_answer(text[:place] + noise + text[place:], RUBRIC)
    if isinstance(read, BenchAnswer):
        assert set(read.scores) == set(RUBRIC.keys)
        assert all(1 <= score <= 5 for score in read.scores.values())
