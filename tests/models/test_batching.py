"""Batches of like length, smaller where they do not fit; whatever happens, each item has its result."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.models.batching import Batches, OutOfMemoryError

LENGTHS = st.lists(st.integers(1, 100), max_size=40)


class Memory:
    """Work in a memory of some size, of which a batch takes its longest item times its number of items."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.done: list[list[int]] = []
        self.failed = 0

    def __call__(self, batch: list[tuple[int, int]]) -> list[str]:
        """What came of a batch."""
        lengths = [length for _, length in batch]
        if max(lengths) * len(lengths) > self.size:
            self.failed += 1
            raise OutOfMemoryError
        self.done.append(lengths)
        return [f"done {place}" for place, _ in batch]


def ask(batches: Batches, memory: Memory, lengths: list[int]) -> list[str]:
    """What came of items of these lengths."""
    return batches.map(
        memory,
        list(enumerate(lengths)),
        length=lambda item: item[1],
        too_large=lambda item: f"too large {item[0]}",
    )


@given(LENGTHS, LENGTHS, st.integers(1, 16), st.integers(1, 150))
def test_results_come_in_order_whatever_fits(
    lengths: list[int], later: list[int], batch_size: int, size: int
) -> None:
    """An item that does not fit alone is told, the others are done; no batch is larger than asked for."""
    batches, memory = Batches(batch_size), Memory(size)
    for items in (lengths, later):
        expected = [
            f"{'done' if length <= size else 'too large'} {place}" for place, length in enumerate(items)
        ]
        assert ask(batches, memory, items) == expected
    assert all(batch == sorted(batch, reverse=True) for batch in memory.done)
    assert all(len(batch) <= batch_size for batch in memory.done)


def test_what_fits_is_found_out_once() -> None:
    """Later batches of such items are of the size that fitted, and short items share a large one again."""
    batches, memory = Batches(16), Memory(400)
    ask(batches, memory, [100] * 16)
    assert [len(batch) for batch in memory.done] == [4, 4, 4, 4]
    assert memory.failed == 2
    memory.done.clear()
    ask(batches, memory, [100] * 8 + [10] * 32)
    assert [len(batch) for batch in memory.done] == [4, 4, 16, 16]
    assert memory.failed == 2
