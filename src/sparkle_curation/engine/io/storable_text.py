r"""Text from outside as text that a table, a file or a request can hold: the one boundary, and it loses nothing.

Python's texts may hold halves of surrogate pairs, of which there is no UTF-8: a model's ``"\ud83d"`` is legal JSON, and
a file name that is not UTF-8 is read with one in the place of each such byte. Arrow, Parquet, JSON files and HTTP take
none. So what models, servers, exceptions and file systems say goes through ``storable`` once, where it enters.

Everything else stays as it is, NUL and other control characters too: they have a UTF-8.
"""

from __future__ import annotations

import re

_MARK = "\N{REPLACEMENT CHARACTER}"
_CODE = "(d[89a-f][0-9a-f]{2}|fffd)"
_ESCAPED = re.compile(rf"[\ud800-\udfff]|{_MARK}(?=\{{{_CODE}\}})")
"""A half of a pair; and a mark that stands before what looks like the code of one, or the way back would be lost."""
_ESCAPE = re.compile(rf"{_MARK}\{{{_CODE}\}}")


def storable(text: str) -> str:
    r"""The text with each half of a surrogate pair as ``\ufffd{d83d}``, the replacement character and its code.

    Text without such a half stays as it is, but where it holds the very form of an escape. ``original`` is the way back.
    What went through once is not to go through again: its escapes would be escaped.

    >>> storable("bad \ud83d")
    'bad �{d83d}'
    >>> storable("good \U0001f600 \\ud83d")
    'good 😀 \\ud83d'
    >>> storable("�{d83d}")
    '�{fffd}{d83d}'
    """
    return text if text.isascii() else _ESCAPED.sub(lambda found: f"{_MARK}{{{ord(found[0]):x}}}", text)


def original(text: str) -> str:
    r"""The text that ``storable`` was given.

    >>> original("bad �{d83d}") == "bad \ud83d"
    True
    """
    return text if text.isascii() else _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def is_storable(text: str) -> bool:
    r"""Whether the text has a UTF-8.

    >>> is_storable("\U0001f600"), is_storable("\ud83d")
    (True, False)
    """
    return text.isascii() or not _HALF.search(text)


_HALF = re.compile(r"[\ud800-\udfff]")
