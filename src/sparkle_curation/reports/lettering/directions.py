"""Which way the parts of a line run: the Unicode bidirectional algorithm, for lines that several fonts draw.

Where one font has all of a line, Pillow does it; between fonts nobody does.
"""

from __future__ import annotations

import unicodedata


def is_rtl(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left.

    >>> is_rtl("123 שלום abc"), is_rtl("abc שלום")
    (True, False)
    """
    kinds = (unicodedata.bidirectional(each) for each in text)
    return next((kind in ("R", "AL") for kind in kinds if kind in ("L", "R", "AL")), False)


def levels(text: str, base: int) -> list[int]:
    """The level of each character by the Unicode bidirectional algorithm.

    Less what embeds and overrides: that is not in a text that is drawn, but an escape.
    """
    kinds = _kinds(text, base)
    strong, other = ("R", "L") if base else ("L", "R")
    for start, end in _bracket_pairs(text):  # rule N0
        inside = {"R" if kind == "N" else kind for kind in kinds[start + 1 : end]} & {"L", "R"}
        before = next((kind for kind in reversed(kinds[:start]) if kind in ("L", "R", "N")), strong)
        is_of_other = strong not in inside and (before == "L") == bool(base)
        if inside:
            kinds[start] = kinds[end] = other if is_of_other else strong
    level_of = {"L": 2 if base else 0, "R": 1, "N": 2}
    found: list[int] = []
    for place, kind in enumerate(kinds):
        if kind in level_of:
            found.append(level_of[kind])
            continue
        left = next((each for each in reversed(kinds[:place]) if each in level_of), strong)
        right = next((each for each in kinds[place + 1 :] if each in level_of), strong)
        sides = {"R" if side == "N" else side for side in (left, right)}
        found.append(level_of[sides.pop()] if len(sides) == 1 else base)
    return found


def _kinds(text: str, base: int) -> list[str]:
    """Of each character ``L``, ``R``, ``N`` for a number, or what else it is, such as ``WS``: rules W1 to W7."""
    kinds = [unicodedata.bidirectional(each) for each in text]
    before = "R" if base else "L"
    for place, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[place] = kinds[place - 1] if place else before
        elif kind in ("L", "R", "AL"):
            kinds[place] = before = "L" if kind == "L" else "R"
        elif kind in ("EN", "AN"):
            kinds[place] = "L" if kind == "EN" and before == "L" else "N"
    for place in range(1, len(kinds) - 1):  # a sign between two digits belongs to the number
        if kinds[place] in ("CS", "ES") and kinds[place - 1] == kinds[place + 1] == "N":
            kinds[place] = "N"
    return kinds


def _bracket_pairs(text: str) -> list[tuple[int, int]]:
    """Where brackets open and close, in the order in which they open."""
    closing, open_ones = {")": "(", "]": "[", "}": "{"}, list[tuple[str, int]]()
    pairs = []
    for place, each in enumerate(text):
        if each in closing.values():
            open_ones.append((each, place))
        elif each in closing and (
            found := [at for at, one in enumerate(open_ones) if one[0] == closing[each]]
        ):
            pairs.append((open_ones[found[-1]][1], place))
            del open_ones[found[-1] :]
    return sorted(pairs)
