"""Bulk checks of a parsed block: which rows does the bulk parser's success not yet vouch for?

Arrow's JSON reader turns a missing member into a null and lets NaN pass; the screens find such rows with a
few vector operations and name them, so that only those lines are looked at one by one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sparkle_curation.release.fields import Field, FieldType, ListOf, Struct
from sparkle_curation.release.sample_ids import ID_DIGITS, id_prefix

Rows = npt.NDArray[np.int64]
NO_ROWS: Rows = np.empty(0, np.int64)


def suspect_rows(table: pa.Table, fields: tuple[Field, ...]) -> Rows:
    """Rows with a null where none may be, a number that is not finite, or one outside its bounds.

    Args:
        table: a parsed block of one chunk a column.
        fields: what its columns hold.

    Returns:
        Row indices, ascending, each once.
    """
    found = [_suspects(_only_chunk(table[field.name]), field, field.type) for field in fields]
    return np.unique(np.concatenate([NO_ROWS, *found]))


def id_numbers(ids: pa.ChunkedArray, theme: str) -> tuple[npt.NDArray[np.int64], Rows]:
    """The six digits of each id as a number (-1 where it is no id of ``theme``), and the rows of the latter."""
    is_id = pc.match_substring_regex(ids, f"^{id_prefix(theme)}[0-9]{{{ID_DIGITS}}}$")
    # Arrow's regex lets `$` match before a final newline; the length settles it.
    is_id = pc.and_(is_id, pc.equal(pc.binary_length(ids), len(id_prefix(theme)) + ID_DIGITS))
    is_id = pc.fill_null(is_id, False)
    digits = pc.utf8_slice_codeunits(pc.if_else(is_id, ids, "0"), -ID_DIGITS)
    digits = pc.if_else(is_id, digits, "-1")
    numbers = pc.cast(digits, pa.int64()).to_numpy()
    return numbers, np.flatnonzero(numbers < 0)


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
        inner = _suspects(values.values, _element_of(field), kind.element)
        if len(inner):
            found.append(np.searchsorted(values.offsets.to_numpy(), inner, side="right") - 1)
    elif kind in {"float", "integer", "long"}:
        found.append(_out_of_bounds(values, field))
    return np.unique(np.concatenate(found)) if found else NO_ROWS


def _element_of(field: Field) -> Field:
    """The field for the elements of a list: the list may be optional, its elements are not."""
    return Field(field.name, field.type, field.description, minimum=field.minimum, maximum=field.maximum)


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
