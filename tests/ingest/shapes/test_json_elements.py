"""Records of a JSON text, wherever the text is cut into pieces."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.ingest.shapes import json_elements as module
from sparkle_curation.ingest.shapes.json_elements import BrokenTextError, Element, json_elements


def read(text: bytes, max_bytes: int = 1000, member: str | None = None) -> list[Any]:
    """The records of a text, decoded."""
    return [json.loads(each.raw) for each in json_elements(io.BytesIO(text), max_bytes, member)]


class Drops(io.BytesIO):
    """A stream that gives a few bytes at a time, as a pipe may."""

    def __init__(self, text: bytes, length: int) -> None:
        super().__init__(text)
        self.length = length

    def read(self, size: int | None = -1, /) -> bytes:
        """Fewer bytes than asked for."""
        return super().read(min(size, self.length) if size and size > 0 else self.length)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 1]), st.booleans(), st.integers(1, 7))
def test_a_list_is_read_as_it_is(
    records: list[Any], indent: int | None, ascii_alone: bool, length: int
) -> None:
    """Whatever stands in it, and however few bytes come at a time; places are those of the file."""
    text = json.dumps(records, indent=indent, ensure_ascii=ascii_alone).encode()
    found = list(json_elements(Drops(text, length), 10_000))
    assert [json.loads(each.raw) for each in found] == records
    for each in found:
        assert text[each.byte_offset : each.byte_offset + each.byte_count] == each.raw
        assert each.line == text.count(b"\n", 0, each.byte_offset) + 1


def test_an_object_of_lists_and_records_is_read_with_its_keys() -> None:
    """All of its members, or one."""
    text = b'\xef\xbb\xbf{"info": {"a": 1}, "data": [{"b": 2}, 3], "none": []}'
    found = [(each.key, each.raw) for each in json_elements(io.BytesIO(text), 99)]
    assert found == [("info", b'{"a": 1}'), ("data", b'{"b": 2}'), ("data", b"3")]
    assert read(text, member="data") == [{"b": 2}, 3]


def test_a_record_that_is_too_long_is_passed_over() -> None:
    """Its head is kept, its length is told, and the next one is read."""
    long = json.dumps({"text": "x]}\\" * 3_000_000}).encode()
    text = b'[{"a": 1}, ' + long + b', {"b": 2}]'
    first, second, third = json_elements(io.BytesIO(text), 4096)
    assert (first.is_overlong, second.is_overlong, third.is_overlong) == (False, True, False)
    assert (second.byte_offset, second.byte_count) == (11, len(long))
    assert len(second.raw) <= module.READ_BYTES + 4096
    assert json.loads(third.raw) == {"b": 2}


@pytest.mark.parametrize(
    ("text", "before", "offset", "is_cut"),
    [
        (b'[{"a": 1}, {"b": "x', 1, 11, True),
        (b'[{"a": 1}', 1, 9, True),
        (b'[{"a": 1} {"b": 2}]', 1, 10, False),
        (b'[{"a": 1}]]', 1, 10, False),
        (b'{"a": {}, b: {}}', 1, 10, False),
        (b"[,]", 0, 1, False),
        (b"true", 0, 0, False),
        (b"", 0, 0, True),
    ],
)
def test_where_a_text_breaks_is_told(text: bytes, before: int, offset: int, is_cut: bool) -> None:
    """With what stands there; what came before was read."""
    found: list[Element] = []
    with pytest.raises(BrokenTextError) as caught:
        found.extend(json_elements(io.BytesIO(text), 99))
    assert len(found) == before
    assert (caught.value.byte_offset, caught.value.is_cut) == (offset, is_cut)
