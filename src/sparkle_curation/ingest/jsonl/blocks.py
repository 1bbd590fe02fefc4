"""Cutting a file of lines into blocks that end at a line's end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

BLOCK_BYTES = 2 << 20
"""Bytes read at a time. With 2 MiB a block and its Arrow table stay near the processor's cache: 8 MiB costs
15-30% more processor time on the video scores, 1 MiB gains nothing more."""

MAX_LINE_BYTES = 64 << 20
"""Longest line that is taken for a line. The longest lines of a release are some 20 KB."""

HEAD_BYTES = 64 << 10
"""What is kept of a line that is too long to be one, and of a long line that only a warning is about."""

_NEWLINE = 0x0A
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Block:
    """Whole lines of a file, one after another.

    Attributes:
        data: the bytes; the last line of the file may lack its newline.
        byte_offset: where the block starts in the file.
        byte_count: its length in the file.
        is_overlong: the block is one line of more than ``MAX_LINE_BYTES``, of which ``data`` is the head.
    """

    data: memoryview
    byte_offset: int
    byte_count: int
    is_overlong: bool = False


def cut_blocks(stream: BinaryIO, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The stream as blocks of about ``block_bytes``; joined they are the stream.

    A line longer than a block makes its block longer; one longer than ``MAX_LINE_BYTES`` is passed over and
    given as its head alone, so memory is bounded whatever the file.
    """
    offset, rest, is_at_end = 0, b"", False
    while not is_at_end:
        buffer = bytearray(len(rest) + block_bytes)
        buffer[: len(rest)] = rest
        view = memoryview(buffer)
        filled = len(rest) + _read_into(stream, view[len(rest) :])
        is_at_end = filled == len(rest)
        cut = buffer.rfind(b"\n", 0, filled) + 1
        if cut:
            yield Block(view[:cut], offset, cut)
            offset += cut
        rest = bytes(view[cut:filled])
        if len(rest) > MAX_LINE_BYTES:
            overlong, rest = _pass_over(stream, rest, offset)
            yield overlong
            offset += overlong.byte_count
            is_at_end = False
    if rest:
        yield Block(memoryview(rest), offset, len(rest))


def without_mark(block: Block) -> Block:
    r"""The block; of the first of a file without the byte order mark that some editors write there.

    >>> bytes(without_mark(Block(memoryview(b"\xef\xbb\xbf{}"), 0, 5)).data)
    b'{}'
    """
    if block.byte_offset or block.data[: len(_MARK)] != _MARK:
        return block
    data, byte_count = block.data[len(_MARK) :], block.byte_count - len(_MARK)
    return replace(block, data=data, byte_offset=len(_MARK), byte_count=byte_count)


def line_bounds(data: memoryview) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    r"""First and one-past-last index of every line of a block, without the line's newline.

    >>> [bounds.tolist() for bounds in line_bounds(memoryview(b"ab\n\nc"))]
    [[0, 3, 4], [2, 3, 5]]
    """
    octets = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(octets == _NEWLINE)
    if len(octets) and octets[-1] != _NEWLINE:
        ends = np.append(ends, len(octets))
    starts = np.empty_like(ends)
    if len(ends):
        starts[0], starts[1:] = 0, ends[:-1] + 1
    return starts, ends


def _read_into(stream: BinaryIO, view: memoryview) -> int:
    """Bytes read into ``view``: as many as fit, fewer only at the end of the stream."""
    filled = 0
    while filled < len(view):
        count = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not count:
            break
        filled += count
    return filled


def _pass_over(stream: BinaryIO, start: bytes, offset: int) -> tuple[Block, bytes]:
    """The overlong line that begins with ``start``, and what was read beyond its end."""
    length = len(start)
    while chunk := stream.read(BLOCK_BYTES):
        newline = chunk.find(b"\n")
        if newline >= 0:
            length += newline + 1
            return Block(memoryview(start[:HEAD_BYTES]), offset, length, is_overlong=True), chunk[
                newline + 1 :
            ]
        length += len(chunk)
    return Block(memoryview(start[:HEAD_BYTES]), offset, length, is_overlong=True), b""
