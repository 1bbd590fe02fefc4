"""A pile of Arrow tables that goes to a temporary file when it grows, so that memory stays bounded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

import pyarrow as pa

_BYTES_IN_MEMORY = 32 << 20


class Spool:
    """Keeps tables of one schema in the order they were added.

    Args:
        schema: the schema of every table.
        bytes_in_memory: how much is held before it is written to a temporary file.
    """

    def __init__(self, schema: pa.Schema, bytes_in_memory: int = _BYTES_IN_MEMORY) -> None:
        self._schema = schema
        self._limit = bytes_in_memory
        self._held: list[pa.Table] = []
        self._held_bytes = 0
        self._files: list[IO[bytes]] = []

    def add(self, table: pa.Table) -> None:
        """Put ``table`` at the end."""
        if table.num_rows:
            self._held.append(table)
            self._held_bytes += table.nbytes
        if self._held_bytes > self._limit:
            self._flush()

    def tables(self) -> Iterator[pa.Table]:
        """Every table added, in order; can be asked for again."""
        for file in self._files:
            file.seek(0)
            with pa.ipc.open_stream(file) as reader:
                for batch in reader:
                    yield pa.Table.from_batches([batch])
        yield from self._held

    def _flush(self) -> None:
        file = tempfile.TemporaryFile(prefix="sparkle-spool-")  # noqa: SIM115 -- read again by tables()
        with pa.ipc.new_stream(file, self._schema) as writer:
            for table in self._held:
                writer.write_table(table)
        self._files.append(file)
        self._held, self._held_bytes = [], 0
