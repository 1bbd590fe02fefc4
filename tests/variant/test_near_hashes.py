"""Near hashes among many are found, each of them, and joined to the lowest row."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.variant.near_hashes import Hashes, components, near_pairs

CLUSTERED = st.lists(
    st.builds(
        lambda base, flips: base ^ sum(1 << bit for bit in flips),
        st.sampled_from([0, (1 << 64) - 1, 0x0F0F_3C3C_A5A5_9669]),
        st.sets(st.integers(0, 63), max_size=7),
    ),
    max_size=25,
)
"""Hashes a few bits from one of three, so that many are near and many just not."""


def as_hashes(numbers: list[int] | np.ndarray, max_distance: int) -> Hashes:
    """Numbers as hashes of one word."""
    return Hashes(np.array(numbers, np.uint64).reshape(1, -1), max_distance)


def joined_by_brute_force(*hashes: Hashes) -> tuple[list[int], set[int]]:
    """The lowest row that each row is joined with, and the rows that are near another, by comparing each with each."""
    count = hashes[0].words.shape[1]
    near = np.ones((count, count), bool)
    for each in hashes:
        distance = sum(np.bitwise_count(word[:, None] ^ word).astype(int) for word in each.words)
        near &= distance <= each.max_distance
    lefts, rights = np.nonzero(np.triu(near, 1))
    return components(count, (lefts, rights)).tolist(), {*lefts.tolist(), *rights.tolist()}


def joined(*hashes: Hashes) -> tuple[list[int], set[int]]:
    """The same by ``near_pairs``."""
    pairs = near_pairs(*hashes)
    lowest = components(hashes[0].words.shape[1], pairs)
    return lowest.tolist(), set(np.concatenate(pairs).tolist())


@given(CLUSTERED, st.integers(0, 8))
def test_near_hashes_are_those_of_brute_force(numbers: list[int], max_distance: int) -> None:
    """The bands miss no pair and make none up, for each distance."""
    hashes = as_hashes(numbers, max_distance)
    far = [
        pair
        for pair in zip(*near_pairs(hashes), strict=True)
        if (numbers[pair[0]] ^ numbers[pair[1]]).bit_count() > max_distance
    ]
    assert far == []
    assert joined(hashes) == joined_by_brute_force(hashes)


@pytest.mark.parametrize("max_fine_distance", [0, 16, 255])
@pytest.mark.parametrize("fine_bits", [20, 40, 90, 256])
@pytest.mark.parametrize("coarse_count", [1, 3, 1_500])
def test_crowds_are_told_apart_as_by_brute_force(
    coarse_count: int, fine_bits: int, max_fine_distance: int
) -> None:
    """However few coarse hashes there are, and however near the fine ones: the same rows are joined."""
    count = 1_500
    rng = np.random.default_rng([coarse_count, fine_bits])
    coarse = rng.choice(rng.integers(0, 1 << 64, coarse_count, np.uint64), count)
    fine = rng.integers(0, 1 << 64, (4, count), np.uint64)
    fine &= np.array([[((1 << fine_bits) - 1) >> (64 * word) & (2**64 - 1)] for word in range(4)], np.uint64)
    fine[:, ::7] = fine[:, [0]]
    hashes = as_hashes(coarse, 4), Hashes(fine, max_fine_distance)
    assert joined(*hashes) == joined_by_brute_force(*hashes)


@pytest.mark.parametrize("max_distance", range(9))
def test_the_last_bit_of_each_distance_is_found(max_distance: int) -> None:
    """A hash that differs in as many bits as are allowed is near, wherever the bits are; one bit more is not."""
    rng = np.random.default_rng(max_distance)
    for _ in range(50):
        bits = rng.permutation(64)[: max_distance + 1]
        near, far = sum(1 << int(bit) for bit in bits[:-1]), sum(1 << int(bit) for bit in bits)
        assert near_pairs(as_hashes([0, near], max_distance))[0].size
        assert not near_pairs(as_hashes([0, far], max_distance))[0].size


def test_near_is_near_by_each_hash() -> None:
    """Pairs that are near by the first hash and not by the second are left out."""
    lefts, rights = near_pairs(as_hashes([0, 1, 3], 2), as_hashes([0, 7, 7], 1))
    assert {frozenset(pair) for pair in zip(lefts.tolist(), rights.tolist(), strict=True)} == {
        frozenset({1, 2})
    }


@pytest.mark.parametrize("numbers", [[], [5]])
def test_nothing_has_no_pairs(numbers: list[int]) -> None:
    """None and one are pairs of nothing."""
    lefts, rights = near_pairs(as_hashes(numbers, 4))
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
    hashes[-1_000:] = hashes[:1_000] ^ np.array(flips, np.uint64)
    start = time.perf_counter()
    lefts, rights = near_pairs(as_hashes(hashes, 4))
    record_property("seconds", round(time.perf_counter() - start, 2))
    pairs = {(min(pair), max(pair)) for pair in zip(lefts.tolist(), rights.tolist(), strict=True)}
    assert pairs == {(row, 139_000 + row) for row in range(1_000)}
