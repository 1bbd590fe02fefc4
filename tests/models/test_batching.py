"""Batches of like length, halved where they do not fit; whatever happens, each item has its result."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.models.batching import OutOfMemoryError, map_halving


@given(st.lists(st.integers(1, 100), max_size=40), st.integers(1, 16), st.integers(1, 150))
def test_results_come_in_order_whatever_fits(lengths: list[int], batch_size: int, memory: int) -> None:
    """A batch takes its longest item times its size; an item that does not fit alone is told, the others are done."""
    batches: list[list[int]] = []

    def work(batch: list[tuple[int, int]]) -> list[str]:
        if max(length for _, length in batch) * len(batch) > memory:
            raise OutOfMemoryError
        batches.append([length for _, length in batch])
        return [f"done {place}" for place, _ in batch]

    items = list(enumerate(lengths))
    found = map_halving(
        work,
        items,
        batch_size=batch_size,
        length=lambda item: item[1],
        too_large=lambda item: f"too large {item[0]}",
    )
    assert found == [f"{'done' if length <= memory else 'too large'} {place}" for place, length in items]
    assert all(batch == sorted(batch, reverse=True) for batch in batches)
    sizes = [len(batch) for batch in batches[:-1]]
    assert sizes == sorted(sizes, reverse=True)
