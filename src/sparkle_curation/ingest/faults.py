"""A fault found in the input, and the rows of the quarantine that faults become."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import pyarrow as pa

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.spec.codes.bench_reasons import BenchReason
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.ingested import QUARANTINE_COLUMNS

QUARANTINE_SCHEMA: pa.Schema = arrow_schema(QUARANTINE_COLUMNS)


@dataclass(frozen=True)
class Fault:
    """One piece of input that could not be read or trusted, and why.

    Attributes:
        reason: the reason code.
        detail: what was found and what is allowed.
        raw: the input as it stands in the file; for a tar member its name.
        byte_offset: its first byte in the file.
        byte_count: its length in bytes.
        line: its first line, counted from 1; None in a tar or a folder.
        line_count: lines, members or files that it takes.
        id: the sample id, where one could be read.
        json_path: the member at fault.
    """

    reason: Reason | BenchReason
    detail: str
    raw: bytes
    byte_offset: int
    byte_count: int
    line: int | None = None
    line_count: int = 1
    id: str | None = None
    json_path: str | None = None


def raw_text(raw: bytes) -> str:
    r"""The bytes as text; what is not UTF-8 is shown as ``\xNN``.

    >>> raw_text(b'{"id": "a\xff"}')
    '{"id": "a\\xff"}'
    """
    return raw.decode("utf-8", errors="backslashreplace")


def quarantine_rows(table: str, theme: str | None, path: str, faults: Iterable[Fault]) -> pa.Table:
    """The quarantine's rows of one file: one row per fault, in the order given."""
    rows = list(faults)
    columns: dict[str, list[object]] = {
        **{
            each.name: [_stored(getattr(fault, each.name)) for fault in rows]
            for each in fields(Fault)
            if each.name != "raw"
        },
        "table": [table] * len(rows),
        "theme": [theme] * len(rows),
        "path": [storable(path)] * len(rows),
        "is_row_kept": [fault.reason.is_row_kept for fault in rows],
        "raw_text": [raw_text(fault.raw) for fault in rows],
    }
    return pa.Table.from_arrays(
        [pa.array(columns[column.name], column.type) for column in QUARANTINE_SCHEMA],
        schema=QUARANTINE_SCHEMA,
    )


def _stored(value: object) -> object:
    return storable(str(value)) if isinstance(value, str) else value
