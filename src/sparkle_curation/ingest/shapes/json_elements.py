"""The records of one JSON text, one after the other, each as it stands in the file: the text is never held whole.

A text is a list of records, or an object whose members are records or lists of records. A record that is no JSON by itself
is given as it stands as long as its brackets and quotes close; where they do not, nothing behind can be told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sparkle_curation.ingest.jsonl.blocks import HEAD_BYTES

READ_BYTES = 1 << 20

_BLANK = re.compile(rb"[ \t\r\n]*+")
_OUTSIDE = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
"""What needs no look: all that is no bracket, and whole strings."""
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_NOTHING = re.compile(rb"")
_SCALAR = re.compile(rb"[^,\]}\s]*+")
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Element:
    """A record as it stands in the file.

    Attributes:
        raw: its bytes; of one that is too long the head.
        byte_offset: its first byte in the file.
        byte_count: its length.
        line: its first line, counted from 1.
        key: the name of the member that it is, or whose list it stands in; None in a list of records.
        is_overlong: whether it is longer than a record may be.
    """

    raw: bytes
    byte_offset: int
    byte_count: int
    line: int
    key: str | None = None
    is_overlong: bool = False


class BrokenTextError(Exception):
    """The text cannot be told apart from here on: the byte, its line, what is wrong, and what stands there."""

    def __init__(self, what: str, byte_offset: int, line: int, raw: bytes, *, is_cut: bool) -> None:
        super().__init__(what)
        self.what, self.byte_offset, self.line, self.raw, self.is_cut = what, byte_offset, line, raw, is_cut


def json_elements(stream: BinaryIO, max_bytes: int, member: str | None = None) -> Iterator[Element]:
    """The records of a JSON text.

    Args:
        stream: the text.
        max_bytes: the longest record that is held.
        member: of an object, the one that has the records; None for all.

    Raises:
        BrokenTextError: what follows cannot be told apart.

    >>> import io
    >>> [each.raw for each in json_elements(io.BytesIO(b'[{"a": "]"}, 7]'), 99)]
    [b'{"a": "]"}', b'7']
    >>> [(each.key, each.raw) for each in json_elements(io.BytesIO(b'{"x": [{}], "y": {"b": 1}}'), 99)]
    [('x', b'{}'), ('y', b'{"b": 1}')]
    """
    text = _Text(stream, max_bytes)
    text.skip(_MARK)
    opening = text.peek()
    if opening == b"[":
        yield from _list(text, None)
    elif opening == b"{":
        yield from _members(text, member)
    else:
        raise text.broken("a JSON text begins with [ or {")
    if text.peek():
        raise text.broken("nothing may follow the end of the JSON text")


def _list(text: _Text, key: str | None) -> Iterator[Element]:
    text.take()
    if text.peek() == b"]":
        text.take()
        return
    while True:
        yield text.value(key)
        after = text.peek()
        if after not in (b",", b"]"):
            raise text.broken("a comma or ] after a record")
        text.take()
        if after == b"]":
            return


def _members(text: _Text, member: str | None) -> Iterator[Element]:
    text.take()
    after = text.peek()
    while after != b"}":
        key = _name(text)
        elements = _list(text, key) if text.peek() == b"[" else iter([text.value(key)])
        yield from (each for each in elements if member is None or key == member)
        after = text.peek()
        if after not in (b",", b"}"):
            raise text.broken("a comma or } after a member")
        if after == b",":
            text.take()
    text.take()


def _name(text: _Text) -> str:
    """The name of a member; behind it the text stands at its value."""
    if text.peek() != b'"':
        raise text.broken("the name of a member in quotes")
    name = text.value(None).raw[1:-1].decode("utf-8", "backslashreplace")
    if text.peek() != b":":
        raise text.broken("a colon after the name of a member")
    text.take()
    return name


class _Scalar:
    """Goes through a number or word."""

    may_end_here = True
    is_done = False

    def forward(self, held: bytes, place: int) -> int:
        """Up to where the value goes in what is held."""
        found = _SCALAR.match(held, place)
        place = found.end() if found else place
        self.is_done = place < len(held)
        return place


class _Nested:
    """Goes through a text, list or object, whatever stands in it, to the bracket or quote that closes it."""

    may_end_here = False
    is_done = False

    def __init__(self) -> None:
        self._depth, self._in_text = 0, False

    def forward(self, held: bytes, place: int) -> int:
        """Up to where the value goes in what is held, or some way there."""
        found = (_INSIDE if self._in_text else _OUTSIDE if self._depth else _NOTHING).match(held, place)
        place = found.end() if found else place
        byte = held[place : place + 1]
        if self._in_text:
            if byte != b'"':
                return place
            self._in_text = False
        elif byte == b'"':
            self._in_text = True
        elif byte:
            self._depth += 1 if byte in b"[{" else -1
        else:
            return place
        self.is_done = not self._depth and not self._in_text
        return place + 1


class _Text:
    """A stream of which a piece is held, from the value that is being read on."""

    def __init__(self, stream: BinaryIO, max_bytes: int) -> None:
        self._stream, self._max_bytes = stream, max_bytes
        self._held, self._place = b"", 0
        self._offset, self._line = 0, 1  # of the first byte that is held

    def skip(self, mark: bytes) -> None:
        """Go past a mark at the beginning, where it is there."""
        self._more()
        if self._held.startswith(mark):
            self._place = len(mark)

    def peek(self) -> bytes:
        """The next byte that is not blank; none at the end."""
        while True:
            blank = _BLANK.match(self._held, self._place)
            self._place = blank.end() if blank else self._place
            if self._place < len(self._held):
                return self._held[self._place : self._place + 1]
            if not self._more():
                return b""

    def take(self) -> None:
        """Go past one byte."""
        self._place += 1

    def value(self, key: str | None) -> Element:
        """The value that begins here."""
        opening = self.peek()
        if not opening or opening in b",]}:":
            raise self.broken("a record is expected")
        self._drop()
        offset, line, head = self._offset, self._line, b""
        scan = _Scalar() if opening not in b'[{"' else _Nested()
        while not scan.is_done:
            if self._place > self._max_bytes or head:
                head = head or self._held[:HEAD_BYTES]
                self._drop()
            place = scan.forward(self._held, self._place)
            if place == self._place and not scan.is_done and not self._more():
                if scan.may_end_here:
                    break
                raise self.broken("the text ends within a record", is_cut=True)
            self._place = place
        raw = head or self._held[: self._place]
        return Element(raw, offset, self._offset + self._place - offset, line, key, bool(head))

    def broken(self, what: str, *, is_cut: bool = False) -> BrokenTextError:
        """The error that says what is wrong here; where the text is cut within a value, from the value's beginning on."""
        if not is_cut:
            self._drop()
        is_cut = is_cut or not self._held
        return BrokenTextError(what, self._offset, self._line, self._held[:HEAD_BYTES], is_cut=is_cut)

    def _drop(self, count: int | None = None) -> None:
        """Let go of what was read."""
        count = self._place if count is None else count
        self._line += self._held.count(b"\n", 0, count)
        self._offset += count
        self._held, self._place = self._held[count:], self._place - count

    def _more(self) -> bool:
        read = self._stream.read(READ_BYTES)
        self._held += read
        return bool(read)
