"""Pairs of near hashes among many, without comparing each with each.

Of two hashes that differ in at most ``n`` bits, cut into ``n + 1`` bands, at least one band is the same in both:
``n`` differing bits cannot lie in all of them. So only hashes with a band in common are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

HASH_BITS = 64
Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]
Pairs = tuple[Rows, Rows]


def near_pairs(
    hashes: Hashes, max_distance: int, is_same: Callable[[Rows, Rows], NDArray[np.bool_]] | None = None
) -> Pairs:
    """The pairs of rows whose hashes differ in at most ``max_distance`` bits: two arrays of row numbers.

    A pair may be there more than once. Equal hashes are near, too: a thousand of them are half a million pairs.

    Args:
        hashes: of 64 bits.
        max_distance: largest distance of a pair, 0-8.
        is_same: which of such pairs to keep, by a closer look; all where there is none.

    >>> lefts, rights = near_pairs(np.array([0b1111, 0b0111, 0], np.uint64), max_distance=1)
    >>> set(zip(lefts.tolist(), rights.tolist()))
    {(0, 1)}
    """
    found: list[Pairs] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    # The masks of ``max_distance + 1`` bands are together all bits.
    edges = np.linspace(0, HASH_BITS, max_distance + 2).round().astype(int)
    for low, high in pairwise(edges.tolist()):
        band = np.uint64((1 << high) - (1 << low))
        for lefts, rights in _near_in_band(hashes, band, max_distance):
            kept = is_same(lefts, rights) if is_same else slice(None)
            found.append((lefts[kept], rights[kept]))
    every_left, every_right = zip(*found, strict=True)
    return np.concatenate(every_left), np.concatenate(every_right)


def _near_in_band(hashes: Hashes, band: np.uint64, max_distance: int) -> Iterator[Pairs]:
    """Near pairs among hashes that are equal in the bits of a band."""
    order = np.argsort(hashes & band, kind="stable")
    ordered = hashes[order]
    key = ordered & band
    end = np.searchsorted(key, key, side="right")
    row = np.arange(len(hashes))
    # Each is compared with the next one, then those that have one against the next but one, and so on.
    step = 1
    while (row := row[row + step < end[row]]).size:
        near = row[np.bitwise_count(ordered[row] ^ ordered[row + step]) <= max_distance]
        if near.size:
            yield order[near], order[near + step]
        step += 1


def components(count: int, pairs: Pairs) -> Rows:
    """For each of ``count`` rows the lowest row that it is joined with, by any chain of pairs.

    >>> components(5, (np.array([0, 3]), np.array([3, 4])))
    array([0, 1, 2, 0, 0])
    """
    lefts, rights = pairs
    lowest = np.arange(count)
    while True:
        before = lowest
        lowest = before.copy()
        np.minimum.at(lowest, before[lefts], before[rights])
        np.minimum.at(lowest, before[rights], before[lefts])
        lowest = lowest[lowest]
        if np.array_equal(lowest, before):
            return lowest
