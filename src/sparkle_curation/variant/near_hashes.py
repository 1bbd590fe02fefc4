"""Pairs of near pictures among many, without comparing each with each.

Of two hashes that differ in at most ``n`` bits, cut into ``n + 1`` bands, at least one band is the same in both:
``n`` differing bits cannot lie in all of them. So only hashes with a band in common are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_WORD_BITS = 64
_FEW = 256
"""Rows with a band in common that are compared each with each, many such buckets at a time."""
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64)
"""Odd numbers, one a word, that make one key of the words of a band; two bands with one key are compared in vain."""

Words = NDArray[np.uint64]
Rows = NDArray[np.int64]
Pairs = tuple[Rows, Rows]


@dataclass(frozen=True)
class Hashes:
    """A hash of each row, and how near is near.

    Attributes:
        words: of shape (words, rows): 1-4 words of 64 bits.
        max_distance: most bits in which two near ones differ.
    """

    words: Words
    max_distance: int


def near_pairs(*hashes: Hashes) -> Pairs:
    """Pairs of rows that are near by each of their hashes: two arrays of row numbers.

    Not all such pairs: any two near rows are joined by a chain of those that come out, and each row that is near
    another one is in some pair. A pair may be there more than once. So thousands of equal hashes are thousands of pairs
    and not millions; the time is at most that of comparing each row with each once, and much less where the bands of any of
    the hashes tell the rows apart.

    Args:
        hashes: one at least; the first one's bands are looked at first.

    >>> lefts, rights = near_pairs(Hashes(np.array([[0b1111, 0b0111, 0]], np.uint64), max_distance=1))
    >>> set(zip(lefts.tolist(), rights.tolist()))
    {(0, 1)}
    """
    nothing = np.empty(0, np.int64)
    rows = np.arange(hashes[0].words.shape[1])
    every_left, every_right = zip((nothing, nothing), *_near_among(rows, hashes, 0), strict=True)
    return np.concatenate(every_left), np.concatenate(every_right)


def _near_among(rows: Rows, hashes: tuple[Hashes, ...], depth: int) -> Iterator[Pairs]:
    """Near pairs among some rows, which have a band of each of the hashes before ``depth`` in common.

    Where the bands of one hash tell too few rows apart, those of the next one are tried, and after the last one the rows
    are compared each with each.
    """
    if depth == len(hashes):
        yield _joining_pairs(rows, hashes)
        return
    bands = _bands(rows, hashes[depth])
    if bands is None:
        yield from _near_among(rows, hashes, depth + 1)
        return
    for ordered, band_ends in bands:
        sizes = band_ends - np.arange(len(band_ends))
        starts = np.flatnonzero(np.diff(band_ends, prepend=0))
        large = starts[sizes[starts] > _FEW]
        ends = band_ends.copy()
        for start in large.tolist():
            yield from _near_among(ordered[start : ends[start]], hashes, depth + 1)
            ends[start : ends[start]] = 0
        # Each is compared with the next one, then those that have one against the next but one, and so on.
        place, step = np.arange(len(ends)), 1
        while (place := place[place + step < ends[place]]).size:
            lefts, rights = ordered[place], ordered[place + step]
            is_near = np.ones(len(place), bool)
            for each in hashes:
                words = each.words
                is_near[is_near] = _is_near(words[:, lefts[is_near]], words[:, rights[is_near]], each)
            yield lefts[is_near], rights[is_near]
            step += 1


def _bands(rows: Rows, hashes: Hashes) -> list[tuple[Rows, Rows]] | None:
    """For each band the rows by what they have in it, and to each the end of its run of equal ones.

    None where comparing within all the runs would be no less work than comparing all rows once.
    """
    words = hashes.words[:, rows]
    edges = np.linspace(0, _WORD_BITS * len(words), hashes.max_distance + 2).round().astype(int)
    comparisons, bands = 0, []
    for low, high in pairwise(edges.tolist()):
        bits = (1 << high) - (1 << low)
        key = np.zeros(len(rows), np.uint64)
        for number, word in enumerate(words):
            key += (word & np.uint64((bits >> (_WORD_BITS * number)) & (2**_WORD_BITS - 1))) * _MIX[number]
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        ends = np.searchsorted(ordered, ordered, side="right")
        comparisons += int((ends - np.arange(len(ends))).sum())
        if len(rows) > _FEW and comparisons >= len(rows) * (len(rows) - 1) // 2:
            return None
        bands.append((rows[order], ends))
    return bands


def _joining_pairs(rows: Rows, hashes: tuple[Hashes, ...]) -> Pairs:
    """Of each chain of near rows the pairs that join it, one fewer than it has rows.

    From one row to those that are near it and were not reached before, and so on from each of them: a row is compared
    once with those that are left.
    """
    left = np.arange(1, len(rows))
    words = [each.words[:, rows] for each in hashes]
    left_words = [each[:, 1:] for each in words]
    reached, found = [0], []
    while left.size:
        if not reached:
            reached.append(int(left[0]))
            left, left_words = left[1:], [each[:, 1:] for each in left_words]
        row = reached.pop()
        is_near = np.ones(len(left), bool)
        for each, own, others in zip(hashes, words, left_words, strict=True):
            is_near &= _is_near(own[:, row : row + 1], others, each)
        if is_near.any():
            near = left[is_near]
            found.append((np.full(len(near), rows[row]), rows[near]))
            reached.extend(near.tolist())
            left, left_words = left[~is_near], [each[:, ~is_near] for each in left_words]
    lefts, rights = zip((rows[:0], rows[:0]), *found, strict=True)
    return np.concatenate(lefts), np.concatenate(rights)


def near_between(lefts: tuple[Hashes, ...], rights: tuple[Hashes, ...]) -> Pairs:
    """All pairs of a row of the one and a row of the other side that are near by each of their hashes.

    Each of the few is compared with each of the many: half a second for 500 and 140,000.

    Args:
        lefts: hashes of the few.
        rights: the same hashes of the many.

    >>> few, many = (Hashes(np.array([words], np.uint64), 1) for words in ([0b111], [0b110, 0, 0b111]))
    >>> [rows.tolist() for rows in near_between((few,), (many,))]
    [[0, 0], [0, 2]]
    """
    found = []
    for row in range(lefts[0].words.shape[1]):
        place = np.arange(rights[0].words.shape[1])
        for own, others in zip(lefts, rights, strict=True):
            is_near = _is_near(own.words[:, row : row + 1], others.words[:, place], others)
            place = place[is_near]
        found.append((np.full(len(place), row), place))
    nothing = np.empty(0, np.int64)
    every_left, every_right = zip((nothing, nothing), *found, strict=True)
    return np.concatenate(every_left), np.concatenate(every_right)


def _is_near(lefts: Words, rights: Words, hashes: Hashes) -> NDArray[np.bool_]:
    distance = np.zeros(rights.shape[1], np.uint16)
    for left, right in zip(lefts, rights, strict=True):  # four times as fast as a sum over an axis
        distance += np.bitwise_count(left ^ right)
    return np.asarray(distance <= hashes.max_distance)


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
