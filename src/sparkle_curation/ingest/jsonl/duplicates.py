"""Records of one id: the same twice, or two that contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.jsonl.blocks import cut_blocks, line_bounds, without_mark
from sparkle_curation.ingest.jsonl.vector_checks import Rows
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.sample_ids import ID_DIGITS

_MAX_NAMED_LINES = 10


class IdRegister:
    """Which sample numbers of a file have been met, and on which line first."""

    def __init__(self) -> None:
        self._first_line = np.zeros(10**ID_DIGITS, np.int32)
        self._repeats: dict[int, list[int]] = {}

    def admit(self, numbers: Rows, lines: Rows) -> npt.NDArray[np.bool_]:
        """Whether each row is the first of its number; ``lines`` count from 1 in the file."""
        is_first = np.zeros(len(numbers), bool)
        is_first[np.unique(numbers, return_index=True)[1]] = True
        is_first &= self._first_line[numbers] == 0
        self._first_line[numbers[is_first]] = lines[is_first]
        for number, line in zip(numbers[~is_first].tolist(), lines[~is_first].tolist(), strict=True):
            self._repeats.setdefault(number, []).append(line)
        return is_first

    def repeated(self) -> list[list[int]]:
        """For each number met more than once, its lines in file order."""
        return [[int(self._first_line[number]), *lines] for number, lines in self._repeats.items()]


def find_repeats(
    groups: list[list[int]], faults_by_line: dict[int, Fault], content: Callable[[bytes], Any]
) -> tuple[list[Fault], list[int]]:
    """The faults of repeated records, and the lines whose row must be taken back.

    Args:
        groups: lines of one id each, the first being in the table.
        faults_by_line: for each of those lines a fault that carries its place and raw text.
        content: what of a raw line is compared; two records are identical when it is equal.

    Identical records: the first stays. Records that differ: none of them can be told from the right one.
    """
    faults, retracted = [], []
    for lines in groups:
        first, *others = [faults_by_line[line] for line in lines]
        is_identical = all(content(other.raw) == content(first.raw) for other in others)
        if is_identical:
            detail = f"the same record as line {lines[0]}, which stays"
            faults += [replace(other, reason=Reason.DUPLICATE_IDENTICAL, detail=detail) for other in others]
        else:
            detail = f"{named_lines(lines)} give this id different records"
            faults += [
                replace(each, reason=Reason.DUPLICATE_CONFLICTING, detail=detail) for each in (first, *others)
            ]
            retracted.append(lines[0])
    return sorted(faults, key=lambda fault: fault.line or 0), retracted


def named_lines(lines: Sequence[int]) -> str:
    """The lines by their numbers, but of many only the first: each of them says it of all.

    >>> named_lines([3, 7])
    'lines 3, 7'
    >>> named_lines(range(1, 100))
    'lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 89 more'
    """
    named = ", ".join(map(str, lines[:_MAX_NAMED_LINES]))
    further = len(lines) - _MAX_NAMED_LINES
    return f"lines {named}" + (f" and {further} more" if further > 0 else "")


def lines_at(stream: BinaryIO, wanted: set[int]) -> Iterator[tuple[int, int, int, bytes]]:
    """Line number, byte offset, length with its newline, and text of each wanted line of a file.

    A byte order mark at the file's start is no part of its first line.
    """
    first_line, last_wanted = 1, max(wanted, default=0)
    for block in map(without_mark, cut_blocks(stream)):
        if first_line > last_wanted:
            return
        starts, ends = (
            (np.array([0]), np.array([len(block.data)])) if block.is_overlong else line_bounds(block.data)
        )
        for line in range(first_line, first_line + len(starts)):
            if line in wanted:
                index = line - first_line
                start, end = int(starts[index]), int(ends[index])
                following = int(starts[index + 1]) if index + 1 < len(starts) else block.byte_count
                yield line, block.byte_offset + start, following - start, bytes(block.data[start:end])
        first_line += len(starts)
