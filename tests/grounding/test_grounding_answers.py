"""A grounding is a list of boxes with labels, or none: every way in which models fail has its own fault."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.grounding.grounding_answers import (
    Found,
    GroundingFault,
    Relocated,
    parse_grounding,
    relocate,
    same_label,
)
from sparkle_curation.models.questions import Reply

BOX = [447, 27, 765, 998]


def listed(*objects: object) -> str:
    """An answer that lists these objects."""
    return json.dumps(list(objects))


def item(box: object = BOX, label: object = "woman") -> dict[str, object]:
    """An object of an answer."""
    return {"bbox_2d": box, "label": label}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", []),
        (listed(item()), [Found("woman", (447, 27, 765, 998))]),
        (f"```json\n{listed(item())}\n```", [Found("woman", (447, 27, 765, 998))]),
        (listed(item([0, 0, 1000, 1000])), [Found("woman", (0, 0, 1000, 1000))]),
        (listed(item([0.5, 1.5, 2.5, 3.5])), [Found("woman", (0.5, 1.5, 2.5, 3.5))]),
        (listed(item([])), [Found("woman", ())]),
        (listed(item([]), item([])), [Found("woman", ())] * 2),
        (
            listed(item(), item(label="dog")),
            [Found("woman", (447, 27, 765, 998)), Found("dog", (447, 27, 765, 998))],
        ),
        (
            listed(item([0, 0, 1, 1]), item()),
            [Found("woman", (0, 0, 1, 1)), Found("woman", (447, 27, 765, 998))],
        ),
        (listed(item(label="  a dog ")), [Found("a dog", (447, 27, 765, 998))]),
        (listed(item() | {"confidence": 0.9}), [Found("woman", (447, 27, 765, 998))]),
        (f"<think>A [dog]?</think>\n{listed(item())}", [Found("woman", (447, 27, 765, 998))]),
        (listed(item(label="\U0001f436 dog")), [Found("\U0001f436 dog", (447, 27, 765, 998))]),
    ],
)
def test_what_the_text_asks_for_is_taken(text: str, expected: list[Found]) -> None:
    """Whole or not, found or not; an empty list is an answer too."""
    assert parse_grounding(text) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", GroundingFault.EMPTY),
        ("``` ```", GroundingFault.EMPTY),
        ("I see a woman.", GroundingFault.NOT_JSON),
        (f"Here: {listed(item())}", GroundingFault.NOT_JSON),
        (listed(item())[:-5], GroundingFault.NOT_JSON),
        (f"```json\n{listed(item())}\n```\n```json\n[]\n```", GroundingFault.NOT_JSON),
        (json.dumps(item()), GroundingFault.NOT_A_LIST),
        (listed(BOX), GroundingFault.NOT_AN_OBJECT),
        (listed({"bbox_2d": BOX}), GroundingFault.NO_LABEL),
        (listed(item(label=7)), GroundingFault.NO_LABEL),
        (listed(item(label=" ")), GroundingFault.NO_LABEL),
        (listed(item(label="dog \ud83d")), GroundingFault.UNSTORABLE_LABEL),
        (Reply('[{"bbox_2d": [1, 2, 3, 4], "label": "\ud83d"}]').text, GroundingFault.UNSTORABLE_LABEL),
        (listed(item([1, 2, 3, 10**400])), GroundingFault.OUT_OF_RANGE),
        (listed({"label": "woman"}), GroundingFault.NO_BOX),
        (listed(item("447, 27, 765, 998")), GroundingFault.NO_BOX),
        (listed(item([1, 2, 3])), GroundingFault.NOT_FOUR_NUMBERS),
        (listed(item([1, 2, 3, 4, 5, 6, 7, 8, 9])), GroundingFault.NOT_FOUR_NUMBERS),
        (listed(item(["1", 2, 3, 4])), GroundingFault.NOT_FOUR_NUMBERS),
        (listed(item([False, True, 3, 4])), GroundingFault.NOT_FOUR_NUMBERS),
        ('[{"bbox_2d": [NaN, 2, 3, 4], "label": "woman"}]', GroundingFault.NOT_JSON),
        ('[{"bbox_2d": [1e999, 2, 3, 4], "label": "woman"}]', GroundingFault.NOT_FOUR_NUMBERS),
        (listed(item([1, 2, 3, 1001])), GroundingFault.OUT_OF_RANGE),
        (listed(item([0.1, 0.2, 0.5, 1.0])), GroundingFault.ANOTHER_SCALE),
        (listed(item([0, 0, 1, 1]), item([], "dog")), GroundingFault.ANOTHER_SCALE),
        (listed(*[item()] * 40), GroundingFault.REPEATED),
        (listed(item(), item(label=" Woman ")), GroundingFault.REPEATED),
        (listed(item([-1, 2, 3, 4])), GroundingFault.OUT_OF_RANGE),
        (listed(item([572, 19, 1280, 720])), GroundingFault.OUT_OF_RANGE),
        (listed(item([765, 998, 447, 27])), GroundingFault.NOT_ORDERED),
        (listed(item([5, 5, 5, 9])), GroundingFault.NOT_ORDERED),
        (listed(item(), item([1, 2, 3])), GroundingFault.NOT_FOUR_NUMBERS),
    ],
)
def test_what_is_no_grounding_is_refused_with_its_reason(text: str, fault: GroundingFault) -> None:
    """One bad box makes the whole answer none: nothing of it is mended, dropped or made up."""
    assert parse_grounding(text) is fault


numbers = st.one_of(st.integers(-5, 1005), st.floats(), st.booleans(), st.none(), st.text(max_size=2))
objects = st.fixed_dictionaries({"bbox_2d": st.lists(numbers, max_size=5), "label": st.text(max_size=5)})


@given(st.one_of(st.text(), st.lists(objects, max_size=4).map(json.dumps)))
def test_no_text_whatever_gives_a_box_that_is_none(text: str) -> None:
    """What is taken lies in the picture, with an area."""
    found = parse_grounding(text)
    for one in found if isinstance(found, list) else []:
        assert one.label == one.label.strip() != ""
        if one.bbox_2d:
            x1, y1, x2, y2 = one.bbox_2d
            assert 0 <= x1 < x2 <= 1000
            assert 0 <= y1 < y2 <= 1000


@pytest.mark.parametrize(
    ("labels", "found", "expected"),
    [
        (["A Dog"], [Found("a  dog", (1, 2, 3, 4))], Relocated([Found("A Dog", (1, 2, 3, 4))], [])),
        (["dog"], [], Relocated([Found("dog", ())], [])),
        (["dog"], [Found("fox", (1, 2, 3, 4))], Relocated([Found("dog", ())], ["fox"])),
        (
            ["man", "man"],
            [Found("man", (1, 2, 3, 4)), Found("Man", (5, 6, 7, 8))],
            Relocated([Found("man", (1, 2, 3, 4)), Found("man", (5, 6, 7, 8))], []),
        ),
        (
            ["man"],
            [Found("man", (1, 2, 3, 4)), Found("man", (1, 2, 3, 4))],
            Relocated([Found("man", (1, 2, 3, 4))], ["man"]),
        ),
        (
            ["dog", "cat"],
            [Found("cat", (1, 2, 3, 4)), Found("dog", (5, 6, 7, 8))],
            Relocated([Found("dog", (5, 6, 7, 8)), Found("cat", (1, 2, 3, 4))], []),
        ),
    ],
)
def test_labels_are_found_again(labels: list[str], found: list[Found], expected: Relocated) -> None:
    """Whatever their case, blanks and order; equal ones by their order, and what is too much is told."""
    assert relocate(labels, found) == expected


names = st.sampled_from(["dog", "Dog ", "a cat", "A  CAT", "fox"])


@given(st.lists(names, max_size=6), st.lists(st.tuples(names, st.just((1, 2, 3, 4))), max_size=6))
def test_every_box_has_one_place(labels: list[str], answers: list[tuple[str, tuple[float, ...]]]) -> None:
    """A row per label asked for; each answer is one of them, or surplus."""
    relocated = relocate(labels, [Found(*answer) for answer in answers])
    assert [one.label for one in relocated.objects] == labels
    placed = sum(bool(one.bbox_2d) for one in relocated.objects)
    assert placed + len(relocated.surplus) == len(answers)
    assert all(same_label(label) in {same_label(name) for name, _ in answers} for label in relocated.surplus)
