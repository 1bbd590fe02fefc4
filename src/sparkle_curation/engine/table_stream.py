"""A table that is not in memory: pieces of it, in order, for a dataset to write."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain

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


@dataclass(frozen=True)
class PartitionedStream:
    """A table in partitions, each of which is written and kept for itself.

    Attributes:
        title: what is being read, for people.
        partitions: the streams, all of one schema, by the path of their file in the table's folder, without its
            ending; at least one.
        ahead: within what it gives, those of the paths are read ahead, which are asked for in their order.
        lock: held while the table is written: of tables that share a reading the same, so that a run which saves the outputs
            of a step at once (``--async``) does not begin one reading in the midst of another.
    """

    title: str
    partitions: Mapping[str, TableStream]
    ahead: Callable[[Sequence[str]], AbstractContextManager[None]] = lambda _paths: nullcontext()
    lock: AbstractContextManager[object] = field(default_factory=nullcontext)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema that all have."""
        return next(iter(self.partitions.values())).schema

    def batches(self) -> Iterator[pa.Table]:
        """The pieces of all, one partition after the other; each call reads again."""
        return chain.from_iterable(stream.batches() for stream in self.partitions.values())

    def map(self, change: Callable[[TableStream], TableStream]) -> PartitionedStream:
        """The same table, with each of its partitions changed."""
        return replace(self, partitions={path: change(each) for path, each in self.partitions.items()})


def digest(facts: object) -> str:
    """A digest of facts, which are anything that JSON can hold."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
