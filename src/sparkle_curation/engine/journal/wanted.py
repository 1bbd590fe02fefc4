"""What runs want of a journal: noted by each, so that rows that none wants any more can be told from the others.

A note lies beside the journal, ``.{journal}.{part}.wanted``, in records of the same form, of ``key`` alone.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from sparkle_curation.engine.journal.faults import telling_faults
from sparkle_curation.engine.journal.key_index import KeyIndex
from sparkle_curation.engine.journal.records import bytes_of, find_records, record_of, replace_file, rows_of

_KEY = "key"
_SUFFIX = ".wanted"


def note_wanted(journal: Path, keys: pa.Array | pa.ChunkedArray, part: str) -> None:
    """Note the keys that one part of several wants; it replaces what that one wanted before."""
    wanted = pa.table({_KEY: pa.array(keys, pa.string()).unique()})
    replace_file(journal.with_name(f".{journal.name}.{part}{_SUFFIX}"), [record_of(wanted)])


def wanted_keys(journal: Path) -> KeyIndex | None:
    """What any part has noted to want; None where none has, or a note is damaged."""
    noted: list[list[pa.ChunkedArray]] = []
    for path in journal.parent.glob(f".{journal.name}.*{_SUFFIX}"):
        with path.open("rb") as file, telling_faults(path):
            # A damaged note has no record at all; one that notes nothing has one without rows.
            noted.append([rows_of(bytes_of(file, record))[_KEY] for record in find_records(file)])
    return KeyIndex(keys for parts in noted for keys in parts) if noted and all(noted) else None
