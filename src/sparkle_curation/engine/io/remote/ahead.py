"""What is wanted of files, item by item, fetched before its turn comes: neighbours are joined into one request.

Of a shard each range covers the end of a member, the header of the next and that one's beginning, so a member costs one
request; what an item wants beside what it said is asked for when it is missed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from sparkle_curation.engine.io.remote.ranges import Range, RangeReader

GAP_BYTES = 64 << 10
"""Bytes between two wanted parts that are read rather than asked around: at 25 ms a request they cost less."""
MOST_JOINED_BYTES = 1 << 20
"""Longest request that joining makes: longer ones would come one after the other, where they can come side by side."""
MOST_HELD_BYTES = 64 << 20
"""Most bytes that are fetched ahead; one item may take more."""
_MISSED_BYTES = 64 << 10
"""Read at once where something is missed: who walks through a file misses the next part too."""


@dataclass(eq=False)
class _Block:
    """One request, with the first and the last item that want of it."""

    part: Range
    first: int
    last: int
    future: Future[bytes] | None = None

    @property
    def size(self) -> int:
        return self.part.end - self.part.start


@dataclass
class HeldRanges:
    """What was fetched for one item; anything else is fetched when it is read.

    Attributes:
        missed: the parts that were.
    """

    _reader: RangeReader
    _blocks: Sequence[_Block]
    missed: list[Range] = field(default_factory=list)
    _more: list[tuple[Range, bytes]] = field(default_factory=list)

    def read_at(self, path: str, offset: int, length: int, most: int | None = None) -> bytes:
        """The bytes of a file from ``offset``, at most ``length`` of them: fewer at the end of the file.

        Args:
            path: of the file.
            offset: where.
            length: how many.
            most: how many may be fetched where they are missed; None for a few more.

        Raises: as ``RangeReader.finish``.
        """
        if length <= 0:
            return b""
        for part, content in self._held(path, offset):
            start = offset - part.start
            is_end = len(content) < part.end - part.start
            if start + length <= len(content) or is_end:
                return content[start : start + length]
        part = Range(path, offset, offset + max(length, min(_MISSED_BYTES, most or length)))
        content = self._reader.read(part)
        self.missed.append(Range(path, offset, offset + length))
        self._more.append((part, content))
        return content[:length]

    def _held(self, path: str, offset: int) -> Iterator[tuple[Range, bytes]]:
        """The blocks that hold the byte at ``offset``; waits for no other one."""
        for block in self._blocks:
            if block.part.path == path and block.part.start <= offset < block.part.end and block.future:
                yield block.part, self._reader.finish(block.future, path)
        for part, content in self._more:
            if part.path == path and part.start <= offset < part.end:
                yield part, content


def read_ahead(
    reader: RangeReader, wanted: Sequence[Sequence[Range]], most_held_bytes: int = MOST_HELD_BYTES
) -> Iterator[HeldRanges]:
    """For each item, in order, what it wants: while one is worked on, those behind it are fetched.

    A fault of a request is raised where an item reads of it, and nowhere else.

    Args:
        reader: of the files.
        wanted: what each item is known to want.
        most_held_bytes: how far ahead.
    """
    blocks = joined(wanted)
    of_items: list[list[_Block]] = [[] for _ in wanted]
    for block in blocks:
        for place in range(block.first, block.last + 1):
            of_items[place].append(block)
    waiting, started = deque(blocks), deque[_Block]()
    held = 0
    try:
        for place, own in enumerate(of_items):
            while waiting and (waiting[0].first <= place or held + waiting[0].size <= most_held_bytes):
                block = waiting.popleft()
                block.future = reader.start(block.part)
                started.append(block)
                held += block.size
            yield HeldRanges(reader, own)
            done = [block for block in own if block.last <= place]
            for block in done:
                block.future = None
                held -= block.size
    finally:
        for block in started:
            if block.future is not None:
                block.future.cancel()


def joined(wanted: Sequence[Sequence[Range]]) -> list[_Block]:
    """The requests for what some items want, by the first item that wants of each.

    >>> [block.part for block in joined([[Range("a", 0, 10), Range("a", 90, 100)], [Range("a", 110, 120)]])]
    [Range(path='a', start=0, end=120)]
    >>> [block.part[1:] for block in joined([[Range("a", 0, 9), Range("a", 10**6, 10**6 + 9)]])]
    [(0, 9), (1000000, 1000009)]
    """
    parts = sorted((part, place) for place, own in enumerate(wanted) for part in own if part.end > part.start)
    blocks: list[_Block] = []
    for part, place in parts:
        last = blocks[-1] if blocks else None
        if (
            last is not None
            and last.part.path == part.path
            and part.start - last.part.end <= GAP_BYTES
            and (part.end - last.part.start <= MOST_JOINED_BYTES or part.end <= last.part.end)
        ):
            last.part = last.part._replace(end=max(last.part.end, part.end))
            last.first, last.last = min(last.first, place), max(last.last, place)
        else:
            blocks.append(_Block(part, place, place))
    return sorted(blocks, key=lambda block: block.first)
