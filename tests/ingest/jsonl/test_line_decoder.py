"""One line examined: its record, or the reason why it cannot be trusted, with the member at fault."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.ingest.jsonl.line_decoder import LineFaultError, examine_line
from sparkle_curation.ingest.jsonl.line_limits import MAX_DEPTH
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.fields import Field, ListOf, Struct

BOX = Struct(
    (Field("box", ListOf("float64"), "A box."), Field("label", "string", "A label.", is_optional=True))
)
FIELDS = (
    Field("id", "string", "Sample id."),
    Field("score", "float64", "A score.", minimum=0, maximum=10),
    Field("frames", ListOf("int32"), "Frames.", minimum=0),
    Field("boxes", ListOf(ListOf(BOX)), "Boxes of each frame."),
    Field("size", "int64", "Bytes.", is_optional=True),
    Field("is_whole", "bool", "Whether it is whole.", is_optional=True),
)
GOOD = {
    "id": "é",
    "score": 8.5,
    "frames": [0, 2],
    "boxes": [[{"box": [1.0, 2.5], "label": None}], []],
    "size": 2**40,
    "is_whole": True,
}


def changed(**changes: Any) -> bytes:
    """The good line with other values."""
    return json.dumps({**GOOD, **changes}).encode()


def without(name: str) -> bytes:
    """The good line without a member."""
    return json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


def test_a_good_line_gives_its_record() -> None:
    """Every value as the line has it, integers for floats as floats, what may be absent as None."""
    assert examine_line(changed(), FIELDS) == (GOOD, {})
    record, _ = examine_line(changed(score=8), FIELDS)
    assert (record["score"], type(record["score"])) == (8.0, float)
    assert examine_line(without("size"), FIELDS)[0]["size"] is None


BOX_PATH = "$.boxes[0][0].box"


@pytest.mark.parametrize(
    ("line", "reason", "json_path"),
    [
        (b"", Reason.BLANK_LINE, None),
        (b" \t\r", Reason.BLANK_LINE, None),
        (b'{"id": "\xff"}', Reason.INVALID_UTF8, None),
        (b'{"id": "\xed\xa0\x80"}', Reason.INVALID_UTF8, None),
        (changed(id="\ud800"), Reason.INVALID_UTF8, "$.id"),
        (changed(note={"a": ["\udc00"]}), Reason.INVALID_UTF8, "$.note"),
        (changed(**{"\udc00": 1}), Reason.INVALID_UTF8, "$.\\udc00"),
        (changed(note={"\udc00": 1}), Reason.INVALID_UTF8, "$.note"),
        (b'{"id": "a"', Reason.INVALID_JSON, None),
        (b"\xef\xbb\xbf{}", Reason.INVALID_JSON, None),
        (changed() + changed(), Reason.INVALID_JSON, None),
        (changed(id="X").replace(b"X", b"\x01"), Reason.INVALID_JSON, None),
        (b"[" * 100_000, Reason.LINE_TOO_COMPLEX, None),
        (
            changed(note=1).replace(b": 1}", b": " + b"[" * 300 + b"]" * 300 + b"}"),
            Reason.LINE_TOO_COMPLEX,
            None,
        ),
        (b"[]", Reason.NOT_AN_OBJECT, "$"),
        (b"null", Reason.NOT_AN_OBJECT, "$"),
        (b"7", Reason.NOT_AN_OBJECT, "$"),
        (rb'"\ud800"', Reason.NOT_AN_OBJECT, "$"),
        (changed(size=7)[:-1] + b', "size": 7}', Reason.DUPLICATE_KEY, None),
        (changed(note=1).replace(b": 1}", b': {"a": 1, "a": 1}}'), Reason.DUPLICATE_KEY, None),
        (b"{}", Reason.MISSING_FIELD, "$.id"),
        (without("score"), Reason.MISSING_FIELD, "$.score"),
        (changed(score=None), Reason.MISSING_FIELD, "$.score"),
        (changed(boxes=[[{"label": "a"}]]), Reason.MISSING_FIELD, BOX_PATH),
        (changed(id=1), Reason.WRONG_TYPE, "$.id"),
        (changed(id=["\ud800"]), Reason.WRONG_TYPE, "$.id"),
        (changed(score="8"), Reason.WRONG_TYPE, "$.score"),
        (changed(score=True), Reason.WRONG_TYPE, "$.score"),
        (changed(frames={}), Reason.WRONG_TYPE, "$.frames"),
        (changed(frames=[0, None]), Reason.WRONG_TYPE, "$.frames[1]"),
        (changed(frames=[0, 1.0]), Reason.WRONG_TYPE, "$.frames[1]"),
        (changed(frames=[False]), Reason.WRONG_TYPE, "$.frames[0]"),
        (changed(frames=[2**31]), Reason.WRONG_TYPE, "$.frames[0]"),
        (changed(size=2**63), Reason.WRONG_TYPE, "$.size"),
        (changed(is_whole=1), Reason.WRONG_TYPE, "$.is_whole"),
        (changed(boxes=[None]), Reason.WRONG_TYPE, "$.boxes[0]"),
        (changed(boxes=[[7]]), Reason.WRONG_TYPE, "$.boxes[0][0]"),
        (changed(boxes=[[{"box": ["a"]}]]), Reason.WRONG_TYPE, f"{BOX_PATH}[0]"),
        (changed(score=float("nan")), Reason.NOT_FINITE, None),
        (changed(score=7).replace(b": 7", b": -1e999"), Reason.NOT_FINITE, "$.score"),
        (changed(score=10**400), Reason.NOT_FINITE, "$.score"),
        (changed(score=7).replace(b": 7", b": " + b"9" * 5000), Reason.NOT_FINITE, None),
        (changed(note=7).replace(b": 7", b": [1e999]"), Reason.NOT_FINITE, "$.note"),
        (changed(score=10.000000000000002), Reason.SCORE_OUT_OF_RANGE, "$.score"),
        (changed(score=-5e-324), Reason.SCORE_OUT_OF_RANGE, "$.score"),
        (changed(frames=[3, -1]), Reason.NUMBER_OUT_OF_RANGE, "$.frames[1]"),
    ],
)
def test_a_bad_line_is_refused_with_its_reason(line: bytes, reason: Reason, json_path: str | None) -> None:
    """One case per reason that a line alone can give, with the path of the member at fault."""
    with pytest.raises(LineFaultError) as caught:
        examine_line(line, FIELDS)
    assert (caught.value.reason, caught.value.json_path) == (reason, json_path)
    assert caught.value.detail.encode("utf-8")


def test_unknown_members_come_apart_from_the_record() -> None:
    """Unknown members at any depth are given by their path, and the record is what it would be without them."""
    boxes = [[{"box": [1.0, 2.5], "label": None, "score": 0.5}], []]
    record, extras = examine_line(changed(note="a\0", boxes=boxes), FIELDS)
    assert record == GOOD
    assert extras == {"$.note": "a\0", "$.boxes[0][0].score": 0.5}


@given(depth=st.integers(80, 2000) | st.sampled_from((99, 100, 101)), name=st.sampled_from(("id", "note")))
def test_nesting_never_breaks_the_reader(depth: int, name: str) -> None:
    """However deep a value is nested, the line has a record or a reason; an unknown one is kept to 99 levels below."""
    line = changed(**{name: "X"}).replace(b'"X"', b"[" * depth + b"]" * depth)
    fault, extras = None, {}
    try:
        _, extras = examine_line(line, FIELDS)
    except LineFaultError as error:
        fault = error
    assert (fault is None) == (name == "note" and depth < MAX_DEPTH)
    assert fault is None or fault.reason == (
        Reason.WRONG_TYPE if depth < MAX_DEPTH else Reason.LINE_TOO_COMPLEX
    )
    assert json.loads(json.dumps(extras)) == extras


@given(
    record=st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3)),
    line=st.binary(max_size=40),
)
def test_any_bytes_have_a_record_or_a_reason(record: dict[str, Any], line: bytes) -> None:
    """No input makes the reader raise anything but a fault of the line."""
    for text in (line, json.dumps(record).encode()):
        with pytest.raises(LineFaultError):
            examine_line(text, FIELDS)
