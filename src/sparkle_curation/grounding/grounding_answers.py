"""Reading the answer of a grounding: a list of boxes with labels, as it is or not at all.

Nothing is mended: a list that was cut, a box of three numbers, corners in the wrong order or a number above 1000 make the
whole answer none, and it is asked for again. Of the published groundings some boxes have swapped corners or lie
outside the picture; these come from answers that were taken as they were.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from sparkle_curation.engine.io.json_text import NestedTooDeeplyError, read_json
from sparkle_curation.engine.io.storable_text import is_storable
from sparkle_curation.model_jobs.answers import answer_body, refuse_constant
from sparkle_curation.spec.frames import BBOX_SCALE

_COORDINATES = 4
_NO_COORDINATES = 0


class GroundingFault(StrEnum):
    """Why a text is no grounding."""

    EMPTY = "empty"
    NOT_JSON = "not_json"
    NESTED_TOO_DEEPLY = "nested_too_deeply"
    NOT_A_LIST = "not_a_list"
    NOT_AN_OBJECT = "not_an_object"
    NO_LABEL = "no_label"
    UNSTORABLE_LABEL = "unstorable_label"
    NO_BOX = "no_box"
    NOT_FOUR_NUMBERS = "not_four_numbers"
    OUT_OF_RANGE = "out_of_range"
    NOT_ORDERED = "not_ordered"
    ANOTHER_SCALE = "another_scale"
    REPEATED = "repeated"


class Found(NamedTuple):
    """An object: its label, and its box in thousandths of the picture; an empty box where it was not found."""

    label: str
    bbox_2d: tuple[float, ...]


@dataclass(frozen=True)
class Relocated:
    """The labels of round 1 on one frame.

    Attributes:
        objects: one per label asked for, in their order; without a box where the model has none.
        surplus: labels of the answer that were not asked for, or once too often.
    """

    objects: list[Found]
    surplus: list[str]


def parse_grounding(text: str) -> list[Found] | GroundingFault:
    """The objects that ``text`` lists, or the first reason why it is no such list.

    Taken is one JSON list, alone or in one Markdown fence, of objects with a ``label`` and a ``bbox_2d``: four numbers
    x1 < x2 and y1 < y2 from 0 to 1000, or none. Boxes with no number above 1 are of another scale, and a model that gives
    one object the same box twice repeats itself. Other members are passed over. A label with half a surrogate pair
    names nothing that could be asked for in round 2.

    >>> parse_grounding('[{"bbox_2d": [447, 27, 765, 998], "label": "woman"}]')
    [Found(label='woman', bbox_2d=(447, 27, 765, 998))]
    >>> parse_grounding('[{"bbox_2d": [765, 998, 447, 27], "label": "woman"}]')
    <GroundingFault.NOT_ORDERED: 'not_ordered'>
    """
    body = answer_body(text.strip())
    if not body:
        return GroundingFault.EMPTY
    try:
        value = read_json(body, partial(json.loads, parse_constant=refuse_constant))
    except NestedTooDeeplyError:
        return GroundingFault.NESTED_TOO_DEEPLY
    except ValueError:
        return GroundingFault.NOT_JSON
    if not isinstance(value, list):
        return GroundingFault.NOT_A_LIST
    found = [_found(item) for item in value]
    fault = next((item for item in found if isinstance(item, GroundingFault)), None)
    objects = [item for item in found if isinstance(item, Found)]
    return fault or _fault_of_list([item for item in objects if item.bbox_2d]) or objects


def _fault_of_list(boxed: Sequence[Found]) -> GroundingFault | None:
    if boxed and all(number <= 1 for item in boxed for number in item.bbox_2d):
        return GroundingFault.ANOTHER_SCALE
    if len({(same_label(item.label), item.bbox_2d) for item in boxed}) < len(boxed):
        return GroundingFault.REPEATED
    return None


def relocate(labels: Sequence[str], found: Sequence[Found]) -> Relocated:
    """What was found of each label, whatever its case and blanks; of equal labels the first found is the first asked.

    >>> relocate(["A dog", "a cat"], [Found("a  DOG", (1, 2, 3, 4)), Found("a fox", ())])
    Relocated(objects=[Found(label='A dog', bbox_2d=(1, 2, 3, 4)), Found(label='a cat', bbox_2d=())], surplus=['a fox'])
    """
    waiting: dict[str, list[Found]] = {}
    for item in found:
        waiting.setdefault(same_label(item.label), []).append(item)
    objects = []
    for label in labels:
        mine = waiting.get(same_label(label), [])
        objects.append(Found(label, mine.pop(0).bbox_2d if mine else ()))
    left = Counter(item for items in waiting.values() for item in items)
    surplus = []
    for item in found:
        if left[item] > 0:
            left[item] -= 1
            surplus.append(item.label)
    return Relocated(objects, surplus)


def same_label(label: str) -> str:
    """What equal labels share: neither case nor blanks count."""
    return " ".join(label.casefold().split())


def _found(item: Any) -> Found | GroundingFault:
    if not isinstance(item, dict):
        return GroundingFault.NOT_AN_OBJECT
    label = item.get("label")
    if not isinstance(label, str) or not label.strip():
        return GroundingFault.NO_LABEL
    if not is_storable(label):
        return GroundingFault.UNSTORABLE_LABEL
    box = _box(item.get("bbox_2d"))
    return box if isinstance(box, GroundingFault) else Found(label.strip(), box)


def _box(value: Any) -> tuple[float, ...] | GroundingFault:
    if not isinstance(value, list):
        return GroundingFault.NO_BOX
    if len(value) == _NO_COORDINATES:
        return ()
    # A boolean is no number; and an integer may be too long to be a float.
    are_numbers = all(
        type(number) is int or (type(number) is float and math.isfinite(number)) for number in value
    )
    if len(value) != _COORDINATES or not are_numbers:
        return GroundingFault.NOT_FOUR_NUMBERS
    if not all(0 <= number <= BBOX_SCALE for number in value):
        return GroundingFault.OUT_OF_RANGE
    x1, y1, x2, y2 = value
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else GroundingFault.NOT_ORDERED
