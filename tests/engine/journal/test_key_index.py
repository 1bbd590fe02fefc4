"""Keys are found as in a dict, at a thirteenth of its memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.engine.journal import key_index
from sparkle_curation.engine.journal.key_index import KeyIndex, binary_keys

DIGITS = [xxhash.xxh3_128_hexdigest(bytes([number])) for number in range(12)] + ["0" * 32, "f" * 32]
TEXTS = ["", "a", "F" * 32, "0" * 31, "0" * 33, "ä" * 16, "ä" * 32, "g" * 32]
KEYS = st.sampled_from(DIGITS) | st.sampled_from(DIGITS + TEXTS)
SEQUENCES = st.lists(st.lists(KEYS, max_size=12), max_size=6)


@given(parts=SEQUENCES, others=st.lists(KEYS, max_size=5))
def test_places_are_those_of_a_dict(parts: list[list[str]], others: list[str]) -> None:
    """The last place of each key, or the first, whatever the parts and however keys repeat."""
    sequence = [key for part in parts for key in part]
    last = {key: place for place, key in enumerate(sequence)}
    first = {key: place for place, key in reversed(list(enumerate(sequence)))}
    index = KeyIndex(parts)
    wanted = DIGITS + TEXTS
    assert index.places(wanted).tolist() == [last.get(key, -1) for key in wanted]
    assert KeyIndex(parts, keep="first").places(wanted).tolist() == [first.get(key, -1) for key in wanted]
    assert (len(index), index.size) == (len(last), len(sequence))
    assert index.standing.tolist() == [last[key] == place for place, key in enumerate(sequence)]
    index.drop_others(KeyIndex([others]))
    assert index.holds(wanted).tolist() == [key in last and key in others for key in wanted]
    assert index.standing.sum() == len(index) == len(set(sequence) & set(others))


@given(parts=SEQUENCES, dropped=st.sets(st.integers(0, 71)))
def test_keys_are_dropped_by_the_places_where_they_stand(parts: list[list[str]], dropped: set[int]) -> None:
    """A place where a key stood before it came again drops nothing."""
    sequence = [key for part in parts for key in part]
    last = {key: place for place, key in enumerate(sequence)}
    index = KeyIndex(parts)
    index.drop_places(np.array([place in dropped for place in range(len(sequence))], np.bool_))
    expected = {key for key, place in last.items() if place not in dropped}
    assert [key in index for key in DIGITS + TEXTS] == [key in expected for key in DIGITS + TEXTS]


def test_blocks_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that repeat across the border of two blocks are told as within one."""
    monkeypatch.setattr(key_index, "_BLOCK", 3)
    sequence = [DIGITS[place * 7 % 5] for place in range(23)] + DIGITS
    last = {key: place for place, key in enumerate(sequence)}
    first = {key: place for place, key in reversed(list(enumerate(sequence)))}
    assert KeyIndex([sequence]).places(DIGITS).tolist() == [last[key] for key in DIGITS]
    assert KeyIndex([sequence], keep="first").places(DIGITS).tolist() == [first[key] for key in DIGITS]


def test_digits_stand_for_themselves_and_texts_for_their_digest() -> None:
    """Only 32 small hexadecimal digits are a key of 16 bytes already; the kind of column makes no difference."""
    key = "00ff" * 8
    texts = [key, key.upper(), "text"]
    expected = [
        bytes.fromhex(key),
        xxhash.xxh3_128_digest(key.upper().encode()),
        xxhash.xxh3_128_digest(b"text"),
    ]
    for kind in (pa.string(), pa.large_string()):
        for each in (texts, texts[:1]):
            sliced = pa.array(["before", *each, "behind"], kind).slice(1, len(each))
            assert binary_keys(sliced).tolist() == [found.rstrip(b"\0") for found in expected[: len(each)]]
    assert binary_keys(pa.chunked_array([[key], [], ["text"]])).tolist() == [expected[0], expected[2]]
    assert binary_keys([]).tolist() == binary_keys(pa.chunked_array([], pa.string())).tolist() == []
    with pytest.raises(ValueError, match="null"):
        binary_keys([key, None])


def test_a_key_takes_twenty_bytes() -> None:
    """While the index is made, too, but for a part and a block."""
    count, part = 400_000, 500

    def parts() -> Iterator[pa.Array]:
        for start in range(0, count, part):
            numbers = range(start, start + part)
            yield pa.array([xxhash.xxh3_128_hexdigest(number.to_bytes(4)) for number in numbers])

    tracemalloc.start()
    try:
        index = KeyIndex(parts())
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert index.nbytes == 20 * count
    assert held < 20 * count + 100_000
    assert peak < 20 * count * 33 / 32 + 4_000_000
    index.drop_others(KeyIndex([[xxhash.xxh3_128_hexdigest((7).to_bytes(4))]]))
    assert index.nbytes == 20
