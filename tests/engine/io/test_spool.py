"""A pile of tables gives back what was put on it, in memory or on disk."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.engine.io.spool import Spool

SCHEMA = pa.schema([("text", pa.string()), ("number", pa.int64())])


def table(*numbers: int) -> pa.Table:
    """A small table."""
    return pa.Table.from_pylist([{"text": f"row {number}", "number": number} for number in numbers], SCHEMA)


@given(
    pieces=st.lists(st.lists(st.integers(0, 99), max_size=4), max_size=12),
    bytes_in_memory=st.sampled_from((0, 1, 50, 200, 1 << 20)),
)
def test_all_comes_back_in_order(pieces: list[list[int]], bytes_in_memory: int) -> None:
    """Whatever fits in memory: each row once, in order, each time they are asked for."""
    spool = Spool(SCHEMA, bytes_in_memory)
    for piece in pieces:
        spool.add(table(*piece))
    expected = [number for piece in pieces for number in piece]
    for _ in range(2):
        found = [each["number"].to_pylist() for each in spool.tables()]
        assert [number for numbers in found for number in numbers] == expected


def test_more_can_be_added_after_reading() -> None:
    """Reading does not close the pile."""
    spool = Spool(SCHEMA, bytes_in_memory=0)
    spool.add(table(1))
    assert [each.num_rows for each in spool.tables()] == [1]
    spool.add(table(2))
    assert [each["number"].to_pylist() for each in spool.tables()] == [[1], [2]]


@pytest.mark.slow
def test_memory_is_bounded() -> None:
    """Of 200 MB put on it, the pile holds no more than its limit."""
    spool = Spool(SCHEMA, bytes_in_memory=8 << 20)
    before = pa.total_allocated_bytes()
    for number in range(50):
        spool.add(pa.table({"text": ["x" * 1000] * 4000, "number": [number] * 4000}, SCHEMA))
    assert pa.total_allocated_bytes() - before < 16 << 20
    assert sum(each.num_rows for each in spool.tables()) == 200_000
