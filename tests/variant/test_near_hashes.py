"""Near hashes among many are found, each of them, and joined to the lowest row."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.variant.near_hashes import components, near_pairs

CLUSTERED = st.lists(
    st.builds(
        lambda base, flips: base ^ sum(1 << bit for bit in flips),
        st.sampled_from([0, (1 << 64) - 1, 0x0F0F_3C3C_A5A5_9669]),
        st.sets(st.integers(0, 63), max_size=7),
    ),
    max_size=25,
)
"""Hashes a few bits from one of three, so that many are near and many just not."""


def as_hashes(numbers: list[int]) -> np.ndarray:
    """Numbers as hashes."""
    return np.array(numbers, np.uint64)


def groups_by_brute_force(numbers: list[int], max_distance: int) -> list[int]:
    """The lowest row that each row is joined with, by comparing each with each."""
    lowest = list(range(len(numbers)))
    for left, right in combinations(range(len(numbers)), 2):
        if (numbers[left] ^ numbers[right]).bit_count() <= max_distance:
            low, high = sorted((lowest[left], lowest[right]))
            lowest = [low if row == high else row for row in lowest]
    return lowest


@given(CLUSTERED, st.integers(0, 8))
def test_near_hashes_are_those_of_brute_force(numbers: list[int], max_distance: int) -> None:
    """The bands miss no pair and make none up, for each distance."""
    lefts, rights = near_pairs(as_hashes(numbers), max_distance)
    far = [
        pair
        for pair in zip(lefts, rights, strict=True)
        if (numbers[pair[0]] ^ numbers[pair[1]]).bit_count() > max_distance
    ]
    assert far == []
    joined = components(len(numbers), (lefts, rights)).tolist()
    assert joined == groups_by_brute_force(numbers, max_distance)


@pytest.mark.parametrize("max_distance", range(9))
def test_the_last_bit_of_each_distance_is_found(max_distance: int) -> None:
    """A hash that differs in as many bits as are allowed is near, wherever the bits are; one bit more is not."""
    rng = np.random.default_rng(max_distance)
    for _ in range(50):
        bits = rng.permutation(64)[: max_distance + 1]
        near, far = sum(1 << int(bit) for bit in bits[:-1]), sum(1 << int(bit) for bit in bits)
        assert near_pairs(as_hashes([0, near]), max_distance)[0].size
        assert not near_pairs(as_hashes([0, far]), max_distance)[0].size


def test_a_closer_look_keeps_what_it_will() -> None:
    """Near pairs that are not the same are left out, whichever way round they are asked for."""
    lefts, rights = near_pairs(as_hashes([0, 1, 3]), 2, lambda left, right: left + right == 3)
    assert {frozenset(pair) for pair in zip(lefts.tolist(), rights.tolist(), strict=True)} == {
        frozenset({1, 2})
    }


@pytest.mark.parametrize("numbers", [[], [5]])
def test_nothing_has_no_pairs(numbers: list[int]) -> None:
    """None and one are pairs of nothing."""
    lefts, rights = near_pairs(as_hashes(numbers), 4)
    assert components(len(numbers), (lefts, rights)).tolist() == list(range(len(numbers)))


def test_a_long_chain_in_any_order_is_one_component() -> None:
    """Joining needs few rounds, however long a chain is and in whatever order it lies."""
    order = np.random.default_rng(0).permutation(100_000)
    assert not components(len(order), (order[:-1], order[1:])).any()


def test_as_many_hashes_as_the_release_has_samples(record_property: pytest.RecordProperty) -> None:
    """Among 140,000 random hashes 1,000 planted near ones are found, and no others."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 1 << 64, 140_000, np.uint64)
    flips = [sum(1 << int(bit) for bit in rng.permutation(64)[:4]) for _ in range(1_000)]
    hashes[-1_000:] = hashes[:1_000] ^ as_hashes(flips)
    start = time.perf_counter()
    lefts, rights = near_pairs(hashes, 4)
    record_property("seconds", round(time.perf_counter() - start, 2))
    pairs = {(min(pair), max(pair)) for pair in zip(lefts.tolist(), rights.tolist(), strict=True)}
    assert pairs == {(row, 139_000 + row) for row in range(1_000)}
