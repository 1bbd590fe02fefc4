"""A file cut into blocks is the file: no byte lost, no line broken, whatever the sizes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.ingest.jsonl import blocks
from sparkle_curation.ingest.jsonl.blocks import Block, cut_blocks, line_bounds


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a pipe or a server may."""

    def __init__(self, data: bytes, count: int) -> None:
        self._data, self._count = io.BytesIO(data), count

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """At most a few bytes."""
        return self._data.readinto(buffer[: self._count])

    def readable(self) -> bool:
        """Yes."""
        return True


CONTENTS = st.lists(st.sampled_from((b"a", b"bb", b"\n", b"\n\n", b"c" * 9)), max_size=20).map(b"".join)


@given(data=CONTENTS, block_bytes=st.integers(1, 30), trickle=st.integers(1, 5))
def test_blocks_joined_are_the_stream(data: bytes, block_bytes: int, trickle: int) -> None:
    """Block after block, with offsets without a gap; every block but the last ends at a line's end."""
    for stream in (io.BytesIO(data), Trickle(data, trickle)):
        found = list(cut_blocks(stream, block_bytes))
        assert b"".join(bytes(block.data) for block in found) == data
        assert [block.byte_offset for block in found] == _offsets(found)
        assert all(bytes(block.data).endswith(b"\n") for block in found[:-1])
        assert all(len(block.data) == block.byte_count > 0 and not block.is_overlong for block in found)


def _offsets(found: list[Block]) -> list[int]:
    return [sum(block.byte_count for block in found[:index]) for index in range(len(found))]


@given(data=CONTENTS)
def test_line_bounds_are_those_of_the_lines(data: bytes) -> None:
    """The lines of a block without their newlines, the empty ones among them."""
    starts, ends = line_bounds(memoryview(data))
    expected = data.split(b"\n") if data else []
    expected = expected[:-1] if data.endswith(b"\n") else expected
    assert [data[start:end] for start, end in zip(starts, ends, strict=True)] == expected


@contextmanager
def short_limits() -> Iterator[None]:
    """Limits of a few bytes, so that a line of a few bytes is overlong."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "MAX_LINE_BYTES", 12)
        patch.setattr(blocks, "BLOCK_BYTES", 16)
        patch.setattr(blocks, "HEAD_BYTES", 5)
        yield


@given(
    lengths=st.lists(st.integers(0, 10) | st.integers(30, 60), max_size=8),
    block_bytes=st.integers(1, 10),
    has_end=st.booleans(),
)
def test_an_overlong_line_is_passed_over_alone(lengths: list[int], block_bytes: int, has_end: bool) -> None:
    """A line past the limit is one block with its head; the lines before and after it are given whole."""
    lines = [bytes([ord("a") + index % 26]) * length + b"\n" for index, length in enumerate(lengths)]
    data = b"".join(lines)
    data = data if has_end else data.removesuffix(b"\n")
    with short_limits():
        found = list(cut_blocks(io.BytesIO(data), block_bytes))
    assert [block.byte_offset for block in found] == _offsets(found)
    assert sum(block.byte_count for block in found) == len(data)
    for block in found:
        text = data[block.byte_offset :][: block.byte_count]
        if block.is_overlong:
            assert text.count(b"\n", 0, -1) == 0, "an overlong block is one line"
            assert bytes(block.data) == text[:5]
        else:
            assert bytes(block.data) == text
            assert max(map(len, text.split(b"\n"))) <= 12 + block_bytes


def test_short_lines_between_overlong_ones_are_kept() -> None:
    """Lines read together with the end of an overlong line are not swallowed by the next overlong one."""
    data = b"a" * 17 + b"\nfirst\nsecond\n" + b"b" * 60 + b"\nlast\n"
    with short_limits():
        found = list(cut_blocks(io.BytesIO(data), 4))
    short = [line for block in found if not block.is_overlong for line in bytes(block.data).split()]
    assert [line for line in short if line[:1] not in b"ab"] == [b"first", b"second", b"last"]
