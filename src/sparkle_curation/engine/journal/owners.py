"""Whose the rows of a journal are: its keys are digests, which say nothing when a sample is to be taken out.

The note lies beside the journal, ``.{journal}.owners``, in records of the same form, of ``key`` and ``id``. It only grows,
so that what an earlier code or model has made is known too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa

from sparkle_curation.engine.journal.key_index import KeyIndex
from sparkle_curation.engine.journal.records import (
    FIRST_LINE,
    NotRecordsError,
    append_record,
    bytes_of,
    find_records,
    record_of,
    replace_file,
    rows_of,
)

_KEY, _ID = "key", "id"


def owners_path(journal: Path) -> Path:
    """Where the note of a journal lies."""
    return journal.with_name(f".{journal.name}.owners")


def note_owners(journal: Path, keys: pa.Array | pa.ChunkedArray, ids: pa.Array | pa.ChunkedArray) -> None:
    """Note whose keys these are, those that are not noted yet; called under the lock of the journal.

    A key of several samples, copies of one file, is noted with all that have it in this call.
    """
    path = owners_path(journal)
    pairs = pa.table({_KEY: pa.array(keys, pa.string()), _ID: pa.array(ids, pa.string())})
    known = KeyIndex(rows[_KEY] for rows in _records(path))
    new = pairs.filter(pa.array(~known.holds(pairs[_KEY])))
    if not new.num_rows:
        return
    if not path.is_file():
        replace_file(path, [])
    with path.open("r+b") as file:
        append_record(file.fileno(), _whole_bytes(path), record_of(new))


def read_owners(journal: Path) -> pa.Table:
    """``key`` and ``id``: whose the rows of a journal are, as far as it was noted."""
    schema = pa.schema([(_KEY, pa.string()), (_ID, pa.string())])
    return pa.concat_tables(
        [pa.Table.from_batches([], schema), *(rows.cast(schema) for rows in _records(owners_path(journal)))]
    )


def owned_alone(owners: pa.Table, ids: frozenset[str]) -> tuple[KeyIndex, KeyIndex]:
    """The keys of these samples that no other has, and those of others."""
    is_theirs = (
        np.isin(np.array(owners[_ID].to_pylist(), object), list(ids))
        if owners.num_rows
        else np.empty(0, np.bool_)
    )
    others = KeyIndex([owners[_KEY].filter(pa.array(~is_theirs))])
    theirs = owners[_KEY].filter(pa.array(is_theirs))
    return KeyIndex([theirs.filter(pa.array(~others.holds(theirs)))]), others


def _records(path: Path) -> Iterator[pa.Table]:
    if not path.is_file():
        return
    with path.open("rb") as file, suppress(NotRecordsError):
        for record in find_records(file):
            yield rows_of(bytes_of(file, record))


def _whole_bytes(path: Path) -> int:
    """Where the last whole record ends: what a killed run left behind it is written over."""
    with path.open("rb") as file:
        return max((record.end for record in find_records(file)), default=len(FIRST_LINE))
