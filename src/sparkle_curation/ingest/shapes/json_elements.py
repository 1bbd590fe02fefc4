"""The records of one JSON text, one after the other, each as the bytes that it has in the file: the text is never held whole.

A text is a list of records, or an object whose members are records or lists of records. A record that is no JSON by itself is
given as it stands as long as its brackets and quotes close; where they do not, nothing behind can be told apart.
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
    if text.peek() == b"}":
        text.take()
        return
    while True:
        if text.peek() != b'"':
            raise text.broken("the name of a member in quotes")
        key = text.value(None).raw[1:-1].decode("utf-8", "backslashreplace")
        if text.peek() != b":":
            raise text.broken("a colon after the name of a member")
        text.take()
        is_wanted = member is None or key == member
        if text.peek() == b"[":
            for element in _list(text, key):
                if is_wanted:
                    yield element
        else:
            element = text.value(key)
            if is_wanted:
                yield element
        after = text.peek()
        if after not in (b",", b"}"):
            raise text.broken("a comma or } after a member")
        text.take()
        if after == b"}":
            return


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
        head, is_overlong = b"", False
        offset, line = self._offset, self._line
        depth, in_string = 0, False
        while True:
            if self._place > self._max_bytes:
                head, is_overlong = head or self._held[:HEAD_BYTES], True
            if is_overlong:
                self._drop()
            if self._place >= len(self._held) - 1 and not self._more() and self._place >= len(self._held):
                if depth == 0 and not in_string and self._place:  # a scalar at the end
                    break
                raise self.broken("the text ends within a record", is_cut=True)
            if in_string:
                found = _INSIDE.match(self._held, self._place)
                self._place = found.end() if found else self._place
                if self._held[self._place : self._place + 1] == b'"':
                    self._place, in_string = self._place + 1, False
                    if depth == 0:
                        break
                elif not self._more():  # half an escape, at the end of what is held
                    raise self.broken("the text ends within a text", is_cut=True)
                continue
            if depth == 0 and opening not in b'[{"':
                found = _SCALAR.match(self._held, self._place)
                self._place = found.end() if found else self._place
                if self._place < len(self._held):
                    break
                continue
            found = _OUTSIDE.match(self._held, self._place) if depth else None
            self._place = found.end() if found else self._place
            byte = self._held[self._place : self._place + 1]
            if byte == b'"':
                in_string = True
            elif byte and byte in b"[{":
                depth += 1
            elif byte and byte in b"]}":
                depth -= 1
            elif not byte:
                continue
            self._place += 1
            if depth == 0 and not in_string:
                break
        raw = head if is_overlong else self._held[: self._place]
        byte_count = self._offset + self._place - offset
        return Element(raw, offset, byte_count, line, key, is_overlong)

    def broken(self, what: str, *, is_cut: bool = False) -> BrokenTextError:
        """The error that says what is wrong here."""
        is_cut = is_cut or self._place >= len(self._held)
        self._drop(0 if is_cut else self._place)
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
