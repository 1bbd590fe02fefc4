"""A journal without the rows of some samples; the records that have none of them stay as they are, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sparkle_curation.engine.journal.faults import telling_faults
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.engine.journal.key_index import Bools
from sparkle_curation.engine.journal.locking import locked_journal
from sparkle_curation.engine.journal.owners import owned_alone, owners_path, read_owners
from sparkle_curation.engine.journal.pieces import drop_pieces, pieces_path, read_pieces
from sparkle_curation.engine.journal.records import (
    FIRST_LINE,
    bytes_of,
    find_records,
    record_of,
    replace_file,
    rows_of,
)
from sparkle_curation.engine.shards import Shard


class JournalPurge(NamedTuple):
    """What a purge of a journal comes to.

    Attributes:
        rows: that it holds.
        dropped: of them that go: of the samples, or of nobody known.
        unknown: of those dropped, of which nobody noted whose they are: of another version of the code, since before owners
            were noted.
        noted: rows of its notes that go.
        freed_bytes: by how much journal and notes get shorter; 0 before it is done.
    """

    rows: int
    dropped: int
    unknown: int
    noted: int
    freed_bytes: int


def purge_journal(
    path: Path, ids: frozenset[str], tells: Callable[[pa.Table], Bools], *, is_dry: bool
) -> JournalPurge:
    """Drop the rows of the samples from a journal and from its notes, each in one step.

    Args:
        path: the journal.
        ids: of the samples.
        tells: which rows of a table tell of them by what stands in them.
        is_dry: only say what would go.

    Raises:
        JournalError: another run has the journal open.
    """
    with locked_journal(path), telling_faults(path):
        before = _size_bytes(path)
        theirs, others = owned_alone(read_owners(path), ids)
        unknown = 0

        def is_dropped(rows: pa.Table) -> Bools:
            nonlocal unknown
            is_theirs = theirs.holds(rows[KEY])
            is_known = is_theirs | others.holds(rows[KEY])
            told = tells(rows)
            unknown += int((~is_known & ~told).sum())
            return is_theirs | ~is_known | told

        rows, dropped = _filter(path, is_dropped, is_dry=is_dry)

        def is_noted(noted: pa.Table) -> Bools:
            found = ~others.holds(noted[KEY])
            return (
                found | np.isin(np.array(noted["id"].to_pylist(), object), list(ids))
                if "id" in noted.column_names
                else found
            )

        pieces = [piece.key for piece in read_pieces(path)]
        noted = len(pieces) and int((~others.holds(pieces)).sum())
        if not is_dry:
            drop_pieces(path, lambda keys: ~others.holds(keys))
        noted += sum(_filter(note, is_noted, is_dry=is_dry)[1] for note in _notes(path))
        after = _size_bytes(path)
    return JournalPurge(rows, dropped, unknown, noted, before - after)


def is_note(path: Path) -> bool:
    """Whether a file is a note that lies beside a journal, or its lock."""
    return (
        path.name.startswith(".")
        and path.name.endswith((".wanted", ".owners", ".pieces", ".lock"))
        and ".journal" in path.name
    )


def _size_bytes(path: Path) -> int:
    pieces = pieces_path(path)
    return sum(each.stat().st_size for each in (path, *_notes(path), pieces) if each.exists())


def _notes(path: Path) -> list[Path]:
    # Those of a shard are of that shard's journal.
    wanted = [
        note
        for note in sorted(path.parent.glob(f".{path.name}.*.wanted"))
        if Shard.of_suffix(note.name.removeprefix(f".{path.name}.").partition(".")[0]) is None
    ]
    # The owners last: who is killed before finds the rows of the others by them again.
    return [*wanted, *(each for each in (owners_path(path),) if each.is_file())]


def _filter(path: Path, is_dropped: Callable[[pa.Table], Bools], *, is_dry: bool) -> tuple[int, int]:
    """Rows, and those of them dropped."""
    count = dropped = 0
    with path.open("rb") as file:
        marks: list[Bools] = []
        whole = len(FIRST_LINE)
        for record in find_records(file):
            whole += record.end - record.start
            rows = rows_of(bytes_of(file, record))
            marks.append(is_dropped(rows))
            count += rows.num_rows
            dropped += int(marks[-1].sum())

        def kept() -> Iterator[bytes]:
            for record, is_lost in zip(find_records(file), marks, strict=True):
                content = bytes_of(file, record)
                if not is_lost.any():
                    yield content
                elif not is_lost.all():
                    yield record_of(rows_of(content).filter(pa.array(~is_lost)))

        # What a killed writer left is no record, and nobody knows whose it is.
        if not is_dry and (dropped or whole != path.stat().st_size):
            replace_file(path, kept())
    return count, dropped
