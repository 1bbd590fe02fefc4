"""What a JSON line may cost to read, found out before a parser sees it.

A parser recurses with the nesting of a line, and keeps an object for each of its values: 40 KB of brackets are enough
to end a process, 64 MB of them to fill a machine. Both are counted here in the line's bytes, without parsing.
"""

from __future__ import annotations

import re

import numpy as np

MAX_DEPTH = 100
"""Deepest nesting of lists and objects, the line's own object being the first. Lines of a release nest 6 deep."""

MAX_VALUES = 250_000
"""Most values of a line: of lists, objects and what stands in them. Lines of a release have some hundreds; at this
bound a line takes some 50 MB while it is read."""

# Always a match from a quote on, and never one tried twice: linear whatever the bytes.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_MAX_STRINGS = 2 * MAX_VALUES + 1  # each is a value or the name of one
_OPENINGS, _BRACKETS = b"[{", b"[]{}"
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(_BRACKETS)))


def excess(line: bytes) -> str | None:
    """What ``line`` has more of than a line may have, in words; None where it keeps to the bounds.

    Brackets and commas within strings do not count. Of a line that is not JSON the answer may be either.

    >>> excess(b'{"note": [[["[[[["]]]}')
    >>> excess(b'{"note": ' + b"[" * 101 + b"]" * 101 + b"}")
    'lists and objects are nested 102 deep, allowed 100'
    """
    if len(line) <= MAX_VALUES and sum(map(line.count, (b"[", b"{"))) <= MAX_DEPTH:
        return None
    bare, strings = _STRING.subn(b"", line, count=_MAX_STRINGS)
    if strings == _MAX_STRINGS or sum(map(bare.count, (b"[", b"{", b","))) > MAX_VALUES:
        return f"the line has more than {MAX_VALUES} values"
    brackets = np.frombuffer(bare.translate(None, _NO_BRACKETS), np.uint8)
    steps = np.where(np.isin(brackets, list(_OPENINGS)), np.int8(1), np.int8(-1))
    depth = int(np.cumsum(steps, dtype=np.int32).max(initial=0))
    return f"lists and objects are nested {depth} deep, allowed {MAX_DEPTH}" if depth > MAX_DEPTH else None
