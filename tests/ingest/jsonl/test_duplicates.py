"""Records of one id: admitted once, judged when all are known, and found again in their file."""

from __future__ import annotations

import io
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.jsonl.duplicates import IdRegister, find_repeats, lines_at
from sparkle_curation.spec.codes.quarantine_reasons import Reason


@given(blocks=st.lists(st.lists(st.sampled_from((0, 1, 2, 3, 999_999)), max_size=6), max_size=6))
def test_the_first_of_each_number_is_admitted(blocks: list[list[int]]) -> None:
    """Across blocks, each number is admitted once, at its first line; the others are remembered with it."""
    register, admitted, line = IdRegister(), [], 1
    expected: dict[int, list[int]] = {}
    for numbers in blocks:
        lines = np.arange(line, line + len(numbers))
        is_first = register.admit(np.array(numbers, np.int64), lines)
        admitted += lines[is_first].tolist()
        for number, at in zip(numbers, lines.tolist(), strict=True):
            expected.setdefault(number, []).append(at)
        line += len(numbers)
    assert admitted == sorted(lines[0] for lines in expected.values())
    assert sorted(register.repeated()) == sorted(lines for lines in expected.values() if len(lines) > 1)


def fault(line: int, raw: bytes) -> Fault:
    """The place of a line."""
    return Fault(Reason.DUPLICATE_CONFLICTING, "", raw, line * 10, 10, line)


def test_identical_records_leave_the_first() -> None:
    """Order of members and spaces do not make a record another one."""
    places = {1: fault(1, b'{"a":1,"b":2}'), 5: fault(5, b'{"b": 2, "a": 1}'), 9: fault(9, b'{"a":1,"b":2} ')}
    faults, retracted = find_repeats([[1, 5, 9]], places, json.loads)
    assert [(each.line, each.reason) for each in faults] == [
        (5, Reason.DUPLICATE_IDENTICAL),
        (9, Reason.DUPLICATE_IDENTICAL),
    ]
    assert retracted == []


def test_conflicting_records_leave_none() -> None:
    """One that differs among three spoils all three, the first is taken back, and other groups stay as they are."""
    places = {
        **{line: fault(line, b"1") for line in (2, 3, 7)},
        **{line: fault(line, b"2") for line in (4, 8)},
    }
    faults, retracted = find_repeats([[3, 4, 7], [2, 8]], {**places, 8: fault(8, b"1")}, json.loads)
    assert [(each.line, each.reason) for each in faults] == [
        (3, Reason.DUPLICATE_CONFLICTING),
        (4, Reason.DUPLICATE_CONFLICTING),
        (7, Reason.DUPLICATE_CONFLICTING),
        (8, Reason.DUPLICATE_IDENTICAL),
    ]
    assert retracted == [3]


@given(lines=st.lists(st.binary(max_size=6).filter(lambda line: b"\n" not in line)), data=st.data())
def test_lines_are_found_again_where_they_stand(lines: list[bytes], data: st.DataObject) -> None:
    """Number, offset, length and text of a wanted line are those in the file; an unwanted one is passed over."""
    content = b"".join(line + b"\n" for line in lines).removesuffix(data.draw(st.sampled_from((b"", b"\n"))))
    count = content.count(b"\n") + (bool(content) and not content.endswith(b"\n"))
    wanted = data.draw(st.sets(st.integers(1, max(count, 1))))
    found = list(lines_at(io.BytesIO(content), wanted))
    assert [line for line, *_ in found] == sorted(wanted & set(range(1, count + 1)))
    for line, offset, length, text in found:
        assert text == content.split(b"\n")[line - 1]
        assert content[offset : offset + length].removesuffix(b"\n") == text
        assert content.count(b"\n", 0, offset) == line - 1
