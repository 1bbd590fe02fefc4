"""The arithmetic is that of the ``editscore`` package on every well-formed answer; its defects are not ours.

The package's own code runs here, on recorded answers. Each of its known defects is shown, and what comes of it here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.scoring.editscore.recorded_model import SEED, ours, theirs

from sparkle_curation.model_jobs.answers import AnswerFault
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.scored_records import frame_record, still_record

Recorded = Mapping[tuple[str, int], str]

pairs = st.tuples(st.integers(0, 25), st.integers(0, 25))
reasons = st.text(
    st.characters(codec="ascii", exclude_characters='"\\', exclude_categories=["Cc"]), max_size=20
)
PICTURES = ["source.png", "edited.png"]


def answer(scores: tuple[int, int], reasoning: str = "Fine.") -> str:
    """An answer as the prompt asks for it."""
    return json.dumps({"reasoning": reasoning, "score": list(scores)})


def recorded(consistency: list[str], quality: list[str]) -> Recorded:
    """One answer a pass for each question."""
    said = {"SC": consistency, "PQ": quality}
    return {
        (aspect, SEED + number): text for aspect, texts in said.items() for number, text in enumerate(texts)
    }


def assert_same(found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    """The same members: texts alike, numbers to the last bits of a float."""
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert found[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-12)), name


# ------------------------------------------------------------------ the same numbers
@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(pairs, pairs), min_size=1, max_size=4), reasons)
def test_a_still_has_the_scores_of_evaluate(
    passes: list[tuple[tuple[int, int], tuple[int, int]]], said: str
) -> None:
    """All six members, to the last bits of a float."""
    texts = recorded([answer(sc, said) for sc, _ in passes], [answer(pq, said) for _, pq in passes])
    scoring, model = ours(texts, len(passes))
    expected = theirs(texts, len(passes)).evaluate(PICTURES, "Dusk")
    assert_same(still_record(scoring, ScoreScale(passes=len(passes))), expected)
    assert {(aspect, pictures) for aspect, _, pictures in model.asked} == {("SC", 2), ("PQ", 1)}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(pairs, pairs), min_size=1, max_size=4), reasons)
def test_a_frame_has_the_scores_of_batch_evaluate(
    passes: list[tuple[tuple[int, int], tuple[int, int]]], said: str
) -> None:
    """All seven members, raw texts of the first pass among them; quality is asked of both pictures."""
    texts = recorded([answer(sc, said) for sc, _ in passes], [answer(pq, said) for _, pq in passes])
    scoring, model = ours(texts, len(passes), is_video=True)
    (expected,) = theirs(texts, len(passes)).batch_evaluate([PICTURES], ["Dusk"])
    assert_same(frame_record(scoring, ScoreScale(passes=len(passes))), expected)
    assert {(aspect, pictures) for aspect, _, pictures in model.asked} == {("SC", 2), ("PQ", 2)}


def test_each_pass_has_the_next_seed() -> None:
    """As the package counts them."""
    _, model = ours(recorded([answer((20, 20))] * 4, [answer((20, 20))] * 4), 4)
    assert [seed for aspect, seed, _ in model.asked if aspect == "SC"] == [SEED, SEED + 1, SEED + 2, SEED + 3]


# ------------------------------------------------------------------ its defects
GOOD = answer((20, 20))
BROKEN: list[tuple[str, str, AnswerFault]] = [
    ("prose with numbers", "There are 2 people and 3 trees", AnswerFault.NOT_JSON),
    ("prose with a rating", "8/10 in 2024", AnswerFault.NOT_JSON),
    ("above the range", answer((26, 25)), AnswerFault.OUT_OF_RANGE),
    ("below the range", answer((-1, 25)), AnswerFault.OUT_OF_RANGE),
    ("three scores", '{"reasoning": "", "score": [20, 21, 3]}', AnswerFault.NOT_TWO_SCORES),
    ("one score", '{"reasoning": "", "score": [20]}', AnswerFault.NOT_TWO_SCORES),
    ("no score", '{"reasoning": "Fine."}', AnswerFault.NO_SCORE),
    ("a list in a text", '{"reasoning": "", "score": "[20,21]"}', AnswerFault.NOT_A_LIST),
    ("a bare number", '{"reasoning": "", "score": 20}', AnswerFault.NOT_A_LIST),
    ("truth values", '{"reasoning": "", "score": [true, true]}', AnswerFault.NOT_WHOLE_NUMBERS),
    ("fractions in a text", '{"reasoning": "", "score": ["18/25", "20"]}', AnswerFault.NOT_WHOLE_NUMBERS),
    ("cut off", '{"reasoning": "There are 2 people and 3 tr', AnswerFault.NOT_JSON),
    ("two objects", f"{GOOD} {answer((1, 2))}", AnswerFault.NOT_JSON),
    ("nothing", "", AnswerFault.EMPTY),
]


@pytest.mark.parametrize(("text", "fault"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
@pytest.mark.parametrize("is_video", [False, True])
def test_an_answer_that_is_none_gives_no_score_here(text: str, fault: AnswerFault, *, is_video: bool) -> None:
    """It is asked for again, each time with a seed that was not used; then the sample has none, and keeps the text."""
    texts = {(aspect, seed): text for aspect in ("SC", "PQ") for seed in range(SEED, SEED + 99)}
    scoring, model = ours(texts, 2, is_video=is_video)
    assert scoring.fault == fault
    assert scoring.texts("SC") == [text, text]
    seeds = [seed for aspect, seed, _ in model.asked if aspect == "SC"]
    assert len(seeds) == len(set(seeds)) == 6


def test_another_seed_mends_an_answer() -> None:
    """The package asks with the same seed, and so for the same answer."""
    texts = {**recorded(["no", GOOD], [GOOD, GOOD]), ("SC", SEED + 2): answer((10, 10))}
    scoring, _ = ours(texts, 2)
    assert scoring.fault is None
    assert scoring.answers("SC") == [(10, 10), (20, 20)]
    assert scoring.max_tries == 2


def test_evaluate_makes_a_score_up() -> None:
    """Of an answer without numbers; even the question that was answered well gets numbers from a die."""
    found = theirs(recorded(["No idea at all"], [answer((0, 0))]), 1).evaluate(PICTURES, "Dusk")
    assert "guess_if_cannot_parse" in found["SC_reasoning"] + found["PQ_reasoning"]
    assert ours(recorded(["No idea at all"], [answer((0, 0))]), 1)[0].fault == AnswerFault.NOT_JSON


def test_evaluate_takes_a_score_above_the_range() -> None:
    """30 of 25 is 12 of 10."""
    assert (
        theirs(recorded([answer((30, 30))], [answer((25, 25))]), 1).evaluate(PICTURES, "Dusk")["overall"] > 10
    )
    assert ours(recorded([answer((30, 30))], [answer((25, 25))]), 1)[0].fault == AnswerFault.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("text", "imputed"),
    [
        ("Nothing to say", 5.0),  # half the range where there is no number
        (answer((26, 26)), 12.5),  # half the range once more, but unscaled: better than perfect
        ("There are 2 people and 3 trees", 0.8),  # numbers of a sentence
        ("8/10 in 2024", 3.2),
    ],
)
def test_batch_evaluate_makes_a_score_up(text: str, imputed: float) -> None:
    """From what holds none."""
    texts = recorded([text], [answer((25, 25))])
    (found,) = theirs(texts, 1).batch_evaluate([PICTURES], ["Dusk"])
    assert found["SC_score"] == pytest.approx(imputed)
    assert ours(texts, 1, is_video=True)[0].fault is not None


def test_batch_evaluate_takes_any_number_of_scores() -> None:
    """The lowest of three counts."""
    texts = recorded(['{"reasoning": "", "score": [20, 21, 3]}'], [GOOD])
    (found,) = theirs(texts, 1).batch_evaluate([PICTURES], ["Dusk"])
    assert found["SC_score"] == pytest.approx(1.2)
    assert ours(texts, 1, is_video=True)[0].fault == AnswerFault.NOT_TWO_SCORES


def test_a_fraction_in_a_text_ends_the_whole_batch_there() -> None:
    """And here one sample."""
    texts = recorded(['{"reasoning": "", "score": ["18/25", "20"]}'], [GOOD])
    with pytest.raises(ValueError, match="18/25"):
        theirs(texts, 1).batch_evaluate([PICTURES], ["Dusk"])
    assert ours(texts, 1, is_video=True)[0].fault == AnswerFault.NOT_WHOLE_NUMBERS


def test_a_missing_score_ends_evaluate() -> None:
    """And here one sample."""
    texts = recorded(['{"reasoning": "Fine."}'], [GOOD])
    with pytest.raises((KeyError, TypeError)):
        theirs(texts, 1).evaluate(PICTURES, "Dusk")
    assert ours(texts, 1)[0].fault == AnswerFault.NO_SCORE
