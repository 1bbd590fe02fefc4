"""A table that is not in memory: pieces of it, in order, for a dataset to write."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa


@dataclass(frozen=True)
class TableStream:
    """A table that is not in memory, for a dataset to write piece by piece.

    Attributes:
        title: what is being read, for people.
        schema: its Arrow schema.
        fingerprint: changes when the sources or the reader change; equal fingerprints mean equal tables.
        total_bytes: length of the sources.
        batches: gives the table's pieces, in order; each call reads again.
        bytes_read: bytes of the sources read so far.
        retracted: after the last piece, source lines by theme of rows to be taken back.
        log_level: how loudly to say that it was written.
        allow_empty: whether no rows may take the place of some.
    """

    title: str
    schema: pa.Schema
    fingerprint: str
    total_bytes: int
    batches: Callable[[], Iterator[pa.Table]]
    bytes_read: Callable[[], int]
    retracted: Callable[[], dict[str, set[int]]]
    log_level: int = logging.INFO
    allow_empty: bool = True

    def made_by(self, code: str) -> TableStream:
        """The same table, which is another one as soon as ``code`` is: a digest of what called for it."""
        return replace(self, fingerprint=digest([self.fingerprint, code]))


def digest(facts: object) -> str:
    """A digest of facts, which are anything that JSON can hold."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
