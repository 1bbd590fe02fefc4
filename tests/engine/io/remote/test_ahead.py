"""What items want is joined into few requests, is there when its turn comes, and is let go after it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.engine.io.remote.ahead import GAP_BYTES, MOST_JOINED_BYTES, joined, read_ahead
from sparkle_curation.engine.io.remote.ranges import Range, RangeReader
from sparkle_curation.engine.io.remote.settings import RemoteSettings

SIZE = 3 << 20


def content(start: int, end: int) -> bytes:
    """What the file has there: each eight bytes tell their place."""
    first = start // 8
    whole = b"".join(number.to_bytes(8, "big") for number in range(first, -(-end // 8)))
    return whole[start - first * 8 : end - first * 8]


class Numbers:
    """A file of numbers, which notes what it is asked for; ``gone`` is not there."""

    def __init__(self) -> None:
        self.asked: list[Range] = []

    async def fetch(self, part: Range) -> bytes:
        """The bytes of the part."""
        self.asked.append(part)
        if part.path == "gone":
            raise FileNotFoundError(part.path)
        return content(part.start, min(part.end, SIZE))


def read_all(source: Numbers, wanted: Sequence[Sequence[Range]]) -> list[list[bytes]]:
    """What each item reads of what it wants."""
    reader = RangeReader(source, RemoteSettings(requests=4))
    return [
        [held.read_at(part.path, part.start, part.end - part.start) for part in own]
        for own, held in zip(wanted, read_ahead(reader, wanted, most_held_bytes=1 << 20), strict=True)
    ]


parts = st.builds(
    lambda path, start, length: Range(path, start, min(start + length, SIZE)),
    st.sampled_from("ab"),
    st.integers(0, SIZE - 1),
    st.integers(0, 200_000),
)


@given(st.lists(st.lists(parts, max_size=3), max_size=8))
def test_each_item_reads_what_it_wants(wanted: list[list[Range]]) -> None:
    """In any order, over and beside each other; nothing of what was announced is asked for when it is read."""
    source = Numbers()
    assert read_all(source, wanted) == [[content(part.start, part.end) for part in own] for own in wanted]
    assert sorted(source.asked) == sorted(block.part for block in joined(wanted))


def test_members_of_a_shard_cost_a_request_each() -> None:
    """The end of one, the header of the next and that one's beginning are one range."""
    members = [(place * 200_000 + 512, 199_000) for place in range(15)]
    wanted = [
        [Range("a", start, start + 5000), Range("a", start + size - 5000, start + size)]
        for start, size in members
    ]
    source = Numbers()
    read_all(source, wanted)
    assert len(source.asked) == 16


def test_what_is_far_apart_or_long_is_not_joined() -> None:
    """Bytes that nobody wants are not read for the sake of a request, and a file does not become one request."""
    far = [[Range("a", 0, 10)], [Range("a", 11 + GAP_BYTES, 12 + GAP_BYTES)], [Range("b", 0, 10)]]
    assert [block.part for block in joined(far)] == [own[0] for own in far]
    whole = [[Range("a", start, start + (300 << 10))] for start in range(0, SIZE, 300 << 10)]
    assert {block.size <= MOST_JOINED_BYTES for block in joined(whole)} == {True}
    assert len(joined(whole)) == 4


def test_what_was_not_announced_is_fetched_and_noted() -> None:
    """A little more of it, which serves who walks on; never behind what may be read."""
    source = Numbers()
    reader = RangeReader(source, RemoteSettings())
    held = next(ahead := read_ahead(reader, [[Range("a", 0, 100)]]))
    assert held.read_at("a", 90, 10) == content(90, 100)
    assert held.missed == []
    assert held.read_at("a", 5000, 20, most=1000) == content(5000, 5020)
    assert held.read_at("a", 5900, 100) == content(5900, 6000)
    assert held.missed == [Range("a", 5000, 5020)]
    assert source.asked == [Range("a", 0, 100), Range("a", 5000, 6000)]
    ahead.close()


def test_the_end_of_a_file_is_its_end() -> None:
    """What is announced behind it is not there, and is not asked for again."""
    source = Numbers()
    assert read_all(source, [[Range("a", SIZE - 4, SIZE + 50)]]) == [[content(SIZE - 4, SIZE)]]
    assert len(source.asked) == 1


def test_a_fault_is_that_of_the_item_which_reads_there() -> None:
    """The others are read."""
    source = Numbers()
    wanted = [[Range("a", 0, 9)], [Range("gone", 0, 9)], [Range("b", 0, 9)]]
    reader = RangeReader(source, RemoteSettings())
    found = []
    for own, held in zip(wanted, read_ahead(reader, wanted), strict=True):
        if own[0].path == "gone":
            with pytest.raises(FileNotFoundError):
                held.read_at("gone", 0, 9)
        else:
            found.append(held.read_at(own[0].path, 0, 9))
    assert found == [content(0, 9)] * 2


def test_no_more_is_fetched_ahead_than_may_be_held() -> None:
    """However much is wanted."""
    source = Numbers()
    reader = RangeReader(source, RemoteSettings())
    wanted = [[Range(f"file {number}", 0, 100_000)] for number in range(30)]
    asked = []
    for own, held in zip(wanted, read_ahead(reader, wanted, most_held_bytes=300_000), strict=True):
        held.read_at(own[0].path, 0, 10)
        asked.append(len(source.asked))
    assert asked[0] <= 3
    assert asked[-1] == 30
