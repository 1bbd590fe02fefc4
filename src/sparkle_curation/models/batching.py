"""Asking in batches: alike lengths together, and a batch that does not fit is halved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class OutOfMemoryError(Exception):
    """A batch does not fit into the device's memory."""


class Batches:
    """Batches of items of like length, as large as the device's memory allows, which is found out once.

    What a batch takes is about the length of its longest item times their number, since the others are padded.
    So where a batch does not fit, later ones of long items are smaller too, and those of short ones are not.

    Args:
        size: most items of a batch.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._capacity: float | None = None

    def map(
        self,
        function: Callable[[list[Item]], list[Result]],
        items: Sequence[Item],
        *,
        length: Callable[[Item], int],
        too_large: Callable[[Item], Result],
    ) -> list[Result]:
        """``function`` over batches of ``items``, longest first; the results in the order of the items.

        Items of one length stay in their order. The longest go first, so a batch that does not fit shows at the start.

        Args:
            function: gives one result per item, or raises OutOfMemoryError.
            items: in any order.
            length: what an item takes, above 0, in any unit.
            too_large: the result of an item that does not fit even alone.

        >>> Batches(2).map(lambda batch: [len(batch)] * len(batch), "abcde", length=ord, too_large=ord)
        [1, 2, 2, 2, 2]
        """
        order = sorted(range(len(items)), key=lambda place: -length(items[place]))
        results: dict[int, Result] = {}
        start = 0
        while start < len(order):
            longest = length(items[order[start]])
            # How many items fit, of which none is longer.
            fitting = self._size
            if self._capacity is not None:
                fitting = max(1, min(fitting, int(self._capacity / longest)))
            places = order[start : start + fitting]
            try:
                found = function([items[place] for place in places])
            except OutOfMemoryError:
                if len(places) > 1:
                    self._capacity = longest * ((len(places) + 1) // 2)
                    continue
                found = [too_large(items[places[0]])]
            results.update(zip(places, found, strict=True))
            start += len(places)
        return [results[place] for place in range(len(items))]
