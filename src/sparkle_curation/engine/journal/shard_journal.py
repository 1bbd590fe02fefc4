"""The journals of shards: each is written by one machine, beside the journal that all are merged into."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.key_index import KeyIndex
from sparkle_curation.engine.journal.locking import JournalHeldError
from sparkle_curation.engine.journal.owners import note_owners, read_owners
from sparkle_curation.engine.journal.pieces import carry_pieces
from sparkle_curation.engine.journal.wanted import wanted_keys
from sparkle_curation.engine.shards import Shard

_ASKED = "asked"
"""Which part of the wanted work the note of a shard is about: what it was to do."""


class ShardJournal(Journal):
    """What one shard has done; what the whole journal has is not done again.

    Args:
        whole: the journal that it is merged into. Only read, whoever writes to it meanwhile.
        shard: which.
    """

    def __init__(self, whole: Journal, shard: Shard) -> None:
        path = whole.path.with_name(f"{whole.path.name}.{shard.suffix}")
        super().__init__(path, whole.schema, retried_errors=whole.retried_errors, place=whole.place)
        self._whole = whole

    def note_asked(
        self, keys: pa.Array | pa.ChunkedArray, ids: pa.Array | pa.ChunkedArray, part: str = ""
    ) -> None:
        """Note what this shard is to do, by which ``merge_shards`` tells what is missing.

        Args:
            keys: of all of it, done or not.
            ids: whose each of it is.
            part: of several that share the journal, which one.
        """
        self.note_wanted(keys, f"{part}{_ASKED}", ids=ids)

    def count_missing(self, whole: KeyIndex) -> int | None:
        """How much of what this shard is to do the whole journal lacks; None where no run has noted it."""
        asked = wanted_keys(self.path)
        if asked is None:
            return None
        count = len(asked)
        asked.drop_others(whole)
        return count - len(asked)

    def remove_notes(self) -> None:
        """Forget what it was to do."""
        for path in self.path.parent.glob(f".{self.path.name}.*"):
            path.unlink(missing_ok=True)

    def _further_pieces(self) -> list[Path]:
        return [self._whole.path]

    def _done(self) -> list[KeyIndex]:
        return [*super()._done(), self._whole.keys()]


class Merged(NamedTuple):
    """What became of a shard.

    Attributes:
        shard: as the parameter has it.
        state: ``whole``, ``partial``, ``running`` (and left alone) or ``absent``.
        merged_rows: that the whole journal lacked.
        missing_rows: that the shard is still to do; None where that is not known.
    """

    shard: str
    state: str
    merged_rows: int
    missing_rows: int | None


def merge_shards(journal: Journal) -> list[Merged]:
    """Take what shards have done into their journal, in whatever order and however many there are.

    The journal of a shard goes once its rows are in the whole one; a run that is killed in between leaves it, and the next
    one finds nothing in it that is not there. Of a key that two shards have, one row stands. What a shard was to do stays
    noted until all shards of its number are whole.

    Args:
        journal: the whole one; not open.

    Returns:
        One row per shard of each number that anything is there of; none where no shard ever ran.

    Raises:
        JournalError: another run writes to the whole journal, or the disk is full.
    """
    shards = sorted(shards_of(journal))
    if not shards:
        return []
    with journal:
        done = journal.keys()
        merged = {shard: _merge(ShardJournal(journal, shard), journal, done) for shard in shards}
        journal.compact()
        done = KeyIndex(rows[KEY] for rows in journal.records([KEY]))
    found = {}
    for count in sorted({shard.count for shard in shards}):
        for shard in (Shard(count, index) for index in range(count)):
            missing = ShardJournal(journal, shard).count_missing(done)
            rows = merged.get(shard, 0)
            state = (
                "absent"
                if shard not in merged
                else "running"
                if rows is None
                else "whole"
                if missing == 0
                else "partial"
            )
            found[shard] = Merged(str(shard), state, rows or 0, missing)
    _forget_whole(journal, found)
    return list(found.values())


def _merge(part: ShardJournal, journal: Journal, done: KeyIndex) -> int | None:
    """The number of rows that the whole journal lacked; None where a run is writing to the shard's."""
    if not part.path.exists():
        return 0
    count = 0
    try:
        with part:
            for rows in part.rows():
                new = rows.filter(pa.array(~done.holds(rows[KEY])))
                journal.append(new)
                count += new.num_rows
            owners = read_owners(part.path)
            note_owners(journal.path, owners["key"], owners["id"])
            carry_pieces(part.path, journal.path)
            part.path.unlink()
    except JournalHeldError:
        return None
    return count


def _forget_whole(journal: Journal, found: dict[Shard, Merged]) -> None:
    """Where all shards of a number are whole, what any shard was to do is done: the notes of all that are at rest go."""
    counts = {shard.count for shard in found}
    is_whole = {
        count: all(row.state == "whole" for shard, row in found.items() if shard.count == count)
        for count in counts
    }
    if any(is_whole.values()):
        for shard, row in found.items():
            if row.state != "running":
                ShardJournal(journal, shard).remove_notes()


def shards_of(journal: Journal) -> set[Shard]:
    """The shards that have a journal or a note beside this one."""
    name, folder = journal.path.name, journal.path.parent
    files = chain(folder.glob(f"{name}.*"), folder.glob(f".{name}.*{_ASKED}.wanted"))
    suffixes = (path.name.removeprefix(".").removeprefix(f"{name}.").partition(".")[0] for path in files)
    return {shard for suffix in suffixes if (shard := Shard.of_suffix(suffix))}
