"""Keys by the millions: 16 bytes each instead of a Python string, sorted, and found by bisection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

Keys: TypeAlias = pa.Array | pa.ChunkedArray | Iterable[str]
"""Texts, none of them null. Arrow's need no Python object each."""
Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

_KEY_BYTES = 16
_HEX_DIGITS = b"0123456789abcdef"
_ENTRY = np.dtype([("key", f"S{_KEY_BYTES}"), ("place", ">u4")])
"""Big-endian, so that the order of the bytes is that of the keys, and of one key that of the places."""
_BYTES = f"S{_ENTRY.itemsize}"
_BLOCK = 65_536


def binary_keys(keys: Keys) -> npt.NDArray[np.bytes_]:
    """The keys as 16 bytes each: what 32 hexadecimal digits stand for, and the xxh3-128 digest of any other text.

    Raises:
        ValueError: a key is null.
    """
    if not isinstance(keys, pa.Array | pa.ChunkedArray):
        keys = pa.array(keys, pa.string())
    if isinstance(keys, pa.ChunkedArray):
        keys = keys.combine_chunks()
    if keys.null_count:
        raise ValueError("a key is null")
    if len(keys) and pc.all(pc.equal(pc.binary_length(keys), 2 * _KEY_BYTES)).as_py():
        texts = keys.cast(pa.binary(2 * _KEY_BYTES))
        characters = np.frombuffer(texts.buffers()[1], np.uint8)[texts.offset * 2 * _KEY_BYTES :]
        digits = _DIGIT_OF[characters[: len(texts) * 2 * _KEY_BYTES]]
        if digits.max() < len(_HEX_DIGITS):
            return (digits[::2] << 4 | digits[1::2]).view(f"S{_KEY_BYTES}")
    return np.array([_binary_key(key) for key in keys.to_pylist()], f"S{_KEY_BYTES}")


_DIGIT_OF = np.full(256, len(_HEX_DIGITS), np.uint8)
_DIGIT_OF[list(_HEX_DIGITS)] = range(len(_HEX_DIGITS))


def _binary_key(key: str) -> bytes:
    if len(key) == 2 * _KEY_BYTES and not key.encode().strip(_HEX_DIGITS):
        return bytes.fromhex(key)
    return xxhash.xxh3_128_digest(key.encode())


class KeyIndex:
    """Where each of the keys of a sequence stands in it; a set of keys, where the places are of no interest.

    It takes 20 bytes a key of the sequence, and one part of the sequence while it is made.

    Args:
        parts: the sequence, of at most four billion keys.
        keep: which place of a key that is there several times.

    Attributes:
        size: keys of the sequence, those that are there several times included.
    """

    def __init__(self, parts: Iterable[Keys], *, keep: Literal["first", "last"] = "last") -> None:
        entries = np.empty(0, _ENTRY)
        self.size = 0
        for part in parts:
            keys = binary_keys(part)
            end = self.size + len(keys)
            if end > len(entries):  # by a share, so that what is copied in all stays in proportion
                entries.resize(max(end, len(entries) * 33 // 32), refcheck=False)
            entries["key"][self.size : end] = keys
            entries["place"][self.size : end] = np.arange(self.size, end)
            self.size = end
        entries.resize(self.size, refcheck=False)
        entries.view(_BYTES).sort()
        self._entries = entries
        self._keep(self._is_first if keep == "first" else self._is_last)

    def __len__(self) -> int:
        """How many different keys."""
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        """Whether the key is one of them; ``holds`` is for many."""
        return isinstance(key, str) and bool(self.holds([key])[0])

    @property
    def nbytes(self) -> int:
        """Of memory that the keys take."""
        return self._entries.nbytes

    def places(self, keys: Keys) -> Places:
        """The place of each of these keys, in their order; -1 for one that is not in the sequence."""
        return self._places_of(binary_keys(keys))

    def holds(self, keys: Keys) -> Bools:
        """Whether each of these keys is in the sequence."""
        return self.places(keys) >= 0

    def drop_others(self, kept: KeyIndex) -> None:
        """Drop the keys that are not in the other one."""
        keys = self._entries["key"]
        self._keep(lambda start, end: kept._places_of(keys[start:end]) >= 0)

    def drop_places(self, is_dropped: Bools) -> None:
        """Drop keys by the places where they stand."""
        places = self._entries["place"]
        self._keep(lambda start, end: ~is_dropped[places[start:end]])

    @property
    def standing(self) -> Bools:
        """Whether each place of the sequence is that of one of the keys: not of one that stands elsewhere or was dropped."""
        if len(self) == self.size:
            return np.broadcast_to(np.True_, self.size)
        standing = np.zeros(self.size, np.bool_)
        standing[self._entries["place"]] = True
        return standing

    def _places_of(self, keys: npt.NDArray[np.bytes_]) -> Places:
        found = np.full(len(keys), -1, np.int64)
        if not len(self._entries):
            return found
        # Bisection for keys in ascending order stays in the cache: it takes half the time, sorting included. A key
        # alone is as its entry at place 0, so the entry is the first one that is not less.
        for start in range(0, len(keys), _BLOCK):
            block = keys[start : start + _BLOCK]
            order = np.argsort(block)
            wanted = block[order]
            entries = self._entries.view(_BYTES)
            at = np.minimum(np.searchsorted(entries, wanted.astype(_BYTES)), len(entries) - 1)
            nearest = self._entries[at]
            found[start + order] = np.where(nearest["key"] == wanted, nearest["place"].astype(np.int64), -1)
        return found

    def _is_first(self, start: int, end: int) -> Bools:
        keys = self._entries["key"]
        is_first = np.ones(end - start, np.bool_)
        is_first[max(start, 1) - start :] = keys[max(start, 1) : end] != keys[max(start, 1) - 1 : end - 1]
        return is_first

    def _is_last(self, start: int, end: int) -> Bools:
        keys = self._entries["key"]
        following = keys[start + 1 : end + 1]
        is_last = np.ones(end - start, np.bool_)
        is_last[: len(following)] = keys[start : start + len(following)] != following
        return is_last

    def _keep(self, is_kept: Callable[[int, int], Bools]) -> None:
        """Keep some entries, block by block in their own memory; told are the first and the end of each block."""
        count = 0
        for start in range(0, len(self._entries), _BLOCK):
            end = min(start + _BLOCK, len(self._entries))
            kept = self._entries[start:end][is_kept(start, end)]
            self._entries[count : count + len(kept)] = kept
            count += len(kept)
        self._entries.resize(count, refcheck=False)
