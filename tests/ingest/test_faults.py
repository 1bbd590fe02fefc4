"""Faults become rows of the quarantine, whatever bytes they are about."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.ingest.faults import QUARANTINE_SCHEMA, Fault, quarantine_rows, raw_text
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.tables.ingested import QUARANTINE_COLUMNS


def test_a_fault_becomes_a_row() -> None:
    """Each fact of a fault, its table, theme and file, and whether its row is kept."""
    faults = [
        Fault(Reason.INVALID_UTF8, "byte 1", b"a\xff", 5, 3, 2, 1, "Sparkle_time_000001", "$.id"),
        Fault(Reason.PROMPT_DIFFERS, "another", b"", 8, 1),
    ]
    rows = quarantine_rows("grounding_r1", "time", "a/b.jsonl", faults).to_pylist()
    common = {"table": "grounding_r1", "theme": "time", "path": "a/b.jsonl"}
    assert rows == [
        {
            **common,
            "line": 2,
            "line_count": 1,
            "byte_offset": 5,
            "byte_count": 3,
            "id": "Sparkle_time_000001",
            "reason": "invalid_utf8",
            "json_path": "$.id",
            "detail": "byte 1",
            "is_row_kept": False,
            "raw_text": "a\\xff",
        },
        {
            **common,
            "line": None,
            "line_count": 1,
            "byte_offset": 8,
            "byte_count": 1,
            "id": None,
            "reason": "prompt_differs",
            "json_path": None,
            "detail": "another",
            "is_row_kept": True,
            "raw_text": "",
        },
    ]


def test_no_faults_are_an_empty_quarantine() -> None:
    """The columns are there without rows."""
    table = quarantine_rows("assets", None, "a.tar", [])
    assert (table.num_rows, table.schema) == (0, QUARANTINE_SCHEMA)
    assert table.schema.names == [column.name for column in QUARANTINE_COLUMNS]


@given(raw=st.binary())
def test_any_bytes_can_be_shown(raw: bytes) -> None:
    """What is UTF-8 is shown as it is, and what is not can be written as UTF-8."""
    text = raw_text(raw)
    assert (
        quarantine_rows("t", None, "p", [Fault(Reason.BLANK_LINE, "", raw, 0, 0)])["raw_text"][0].as_py()
        == text
    )
    try:
        assert text == raw.decode()
    except UnicodeDecodeError:
        assert "\\x" in text


def test_only_warnings_keep_their_row() -> None:
    """Two reasons are warnings; a line with any other is in no table."""
    assert {reason for reason in Reason if reason.is_row_kept} == {
        Reason.PROMPT_DIFFERS,
        Reason.UNKNOWN_FIELD,
    }
