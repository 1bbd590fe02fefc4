"""Numbers as people read them: never rounded so that they say other than what was decided by them."""

from __future__ import annotations


def exact(value: float) -> str:
    """A number in its shortest form that reads back as the same.

    >>> [exact(value) for value in (8.0, 8.5, 8.4999999)]
    ['8', '8.5', '8.4999999']
    """
    return repr(float(value)).removesuffix(".0")


def beside(value: float, bound: float, digits: int = 2) -> str:
    """A number with ``digits`` decimals, or as many more as it takes to lie where it lies: below, at or above ``bound``.

    >>> [beside(value, 8.5) for value in (8.5, 8.496, 8.4996, 8.49999999, 9.1234)]
    ['8.50', '8.496', '8.4996', '8.49999999', '9.12']
    """
    for places in range(digits, 18):
        text = f"{value:.{places}f}"
        if (float(text) < bound, float(text) > bound) == (value < bound, value > bound):
            return text
    return repr(value)
