"""Bulk checks of a parsed block: which rows does the bulk parser's success not yet vouch for?

Arrow's JSON reader turns a missing member into a null and lets NaN pass; the screens find such rows with a
few vector operations and name them, so that only those lines are looked at one by one.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sparkle_curation.spec.fields import Field, FieldType, ListOf, Struct
from sparkle_curation.spec.sample_ids import ID_DIGITS, id_prefix

Rows = npt.NDArray[np.int64]
NO_ROWS: Rows = np.empty(0, np.int64)
_LINES_AT_ONCE = 2048
"""Lines that are checked again after one that is bad: without a bound a block of bad lines would cost its square."""
_BAD_INDEX = re.compile(r"string index (\d+)")


def suspect_rows(table: pa.Table, fields: tuple[Field, ...]) -> Rows:
    """Rows with a null where none may be, or a number not finite or out of bounds.

    Args:
        table: a parsed block of one chunk a column.
        fields: what its columns hold.

    Returns:
        Row indices, ascending, each once.
    """
    found = [_suspects(_only_chunk(table[field.name]), field, field.type) for field in fields]
    return np.unique(np.concatenate([NO_ROWS, *found]))


def id_numbers(ids: pa.ChunkedArray, theme: str) -> tuple[Rows, Rows]:
    """The six digits of each id as a number (-1 where it is no id of ``theme``), and the rows of the latter."""
    column = _only_chunk(ids)
    prefix = np.frombuffer(id_prefix(theme).encode(), np.uint8)
    width = len(prefix) + ID_DIGITS
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    numbers = np.full(len(column), -1, np.int64)
    # All ids of a theme have one length, so they lie in memory as the rows of a matrix of characters.
    fitting = np.flatnonzero(np.diff(offsets) == width)
    if len(fitting):
        characters = np.frombuffer(column.buffers()[2], np.uint8)[offsets[fitting, None] + np.arange(width)]
        digits = characters[:, len(prefix) :].astype(np.int64) - ord("0")
        is_id = (characters[:, : len(prefix)] == prefix).all(axis=1)
        is_id &= ((digits >= 0) & (digits <= 9)).all(axis=1)
        numbers[fitting[is_id]] = digits[is_id] @ 10 ** np.arange(ID_DIGITS - 1, -1, -1)
    return numbers, np.flatnonzero(numbers < 0)


def invalid_utf8_lines(data: memoryview, starts: Rows) -> Rows:
    """Lines of a block that hold bytes that are not UTF-8, ascending.

    Args:
        data: the block.
        starts: first index of each line.
    """
    found: list[int] = []
    offsets = pa.py_buffer(np.append(starts, len(data)).astype(np.int32))
    lines = pa.StringArray.from_buffers(len(starts), offsets, pa.py_buffer(data))
    first, end = 0, min(_LINES_AT_ONCE, len(starts))
    while first < len(starts):
        try:
            lines.slice(first, end - first).validate(full=True)
        except pa.ArrowInvalid as error:
            named = _BAD_INDEX.search(str(error))
            if named is None:
                raise
            found.append(first + int(named[1]))
            first = found[-1] + 1
        else:
            first = end
        if first == end:
            end = min(end + _LINES_AT_ONCE, len(starts))
    return np.array(found, np.int64)


def unequal_rows(first: pa.ChunkedArray, second: pa.ChunkedArray) -> Rows:
    """Rows whose two lists differ in length, or are empty."""
    lengths = pc.list_value_length(first).to_numpy(), pc.list_value_length(second).to_numpy()
    return np.flatnonzero((lengths[0] != lengths[1]) | (lengths[0] == 0))


def _suspects(values: pa.Array, field: Field, kind: FieldType) -> Rows:
    """Indices into ``values`` at or under which something is wrong."""
    found = [_indices(pc.is_null(values))] if values.null_count and not field.is_optional else []
    if isinstance(kind, Struct):
        found += [_suspects(values.field(member.name), member, member.type) for member in kind.fields]
    elif isinstance(kind, ListOf):
        found.append(_suspect_lists(values, field, kind))
    elif kind in {"float64", "int32", "int64"}:
        found.append(_out_of_bounds(values, field))
    return np.unique(np.concatenate(found)) if found else NO_ROWS


def _suspect_lists(values: pa.ListArray, field: Field, kind: ListOf) -> Rows:
    """Indices of the lists that hold a suspect element."""
    if not len(values):
        return NO_ROWS
    offsets = values.offsets.to_numpy()
    first, last = int(offsets[0]), int(offsets[-1])  # a slice shares the elements of its neighbours
    # The list may be optional, its elements are not.
    element = Field(field.name, field.type, field.description, minimum=field.minimum, maximum=field.maximum)
    inner = _suspects(values.values.slice(first, last - first), element, kind.element)
    return np.searchsorted(offsets, inner + first, side="right") - 1 if len(inner) else NO_ROWS


def _out_of_bounds(values: pa.Array, field: Field) -> Rows:
    if len(values) == values.null_count:
        return NO_ROWS
    found = []
    is_all_finite = not pa.types.is_floating(values.type) or pc.all(pc.is_finite(values)).as_py()
    if not is_all_finite:
        found.append(_indices(pc.invert(pc.is_finite(values))))
    extremes = pc.min_max(values).as_py()
    for bound, extreme, is_beyond in (
        (field.minimum, extremes["min"], pc.less),
        (field.maximum, extremes["max"], pc.greater),
    ):
        # What min_max makes of a NaN is not worth relying on: where there is one, look at every value.
        if bound is not None and (not is_all_finite or is_beyond(extreme, bound).as_py()):
            found.append(_indices(is_beyond(values, pa.scalar(bound, values.type))))
    return np.concatenate([NO_ROWS, *found])


def _indices(mask: pa.Array) -> Rows:
    return np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))


def _only_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
