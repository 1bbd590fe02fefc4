"""Asking in batches: alike lengths together, and a batch that does not fit is halved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class OutOfMemoryError(Exception):
    """A batch does not fit into the device's memory."""


def map_halving(
    function: Callable[[list[Item]], list[Result]],
    items: Sequence[Item],
    *,
    batch_size: int,
    length: Callable[[Item], int],
    too_large: Callable[[Item], Result],
) -> list[Result]:
    """``function`` over batches of ``items``, longest first; the results in the order of the items.

    Items of like length share a batch, so little is padding; the longest go first, so a batch that does not fit
    shows at the start. From then on no batch is larger than one that fitted.

    Args:
        function: gives one result per item, or raises OutOfMemoryError.
        items: in any order.
        batch_size: most items at once.
        length: what an item takes, in any unit.
        too_large: the result of an item that does not fit even alone.

    >>> map_halving(lambda batch: [len(batch)] * len(batch), "abcde", batch_size=2, length=ord, too_large=ord)
    [1, 2, 2, 2, 2]
    """
    order = sorted(range(len(items)), key=lambda place: -length(items[place]))
    results: dict[int, Result] = {}
    start = 0
    while start < len(order):
        places = order[start : start + batch_size]
        try:
            found = function([items[place] for place in places])
        except OutOfMemoryError:
            if len(places) > 1:
                batch_size = (len(places) + 1) // 2
                continue
            found = [too_large(items[places[0]])]
        results.update(zip(places, found, strict=True))
        start += len(places)
    return [results[place] for place in range(len(items))]
