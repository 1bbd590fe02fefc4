"""Which content the files of a release had, as a run of ``manifest`` noted it: so that a copy counts as what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sparkle_curation.errors import MissingTableError

CONTENT_COLUMNS = ("root", "path", "size_bytes", "modified", "xxh3_128")
"""Which content a file had at a size and time: of this machine alone, since a copy has other times."""


class NotedContents:
    """What tables of contents say of the files under one root.

    Args:
        tables: Parquet files with ``CONTENT_COLUMNS``; one that is not there, or no such table, says nothing.
        root: of the release, as it is given; rows of other roots do not count.
    """

    def __init__(self, tables: Sequence[Path], root: str) -> None:
        self._tables, self._root = tuple(tables), root
        self._known: dict[str, tuple[int, str, str]] = {}
        self._state: tuple[tuple[int, int] | None, ...] = ()

    def content_of(self, path: str, size: int, modified: str) -> str | None:
        """The xxh3-128 of the file at ``path``, where it was noted at this size and time; else None."""
        facts = [table.stat() if table.is_file() else None for table in self._tables]
        state = tuple((each.st_mtime_ns, each.st_ino) if each else None for each in facts)
        # Looked at again where it was written again: in `manifest,ingest` one run notes contents and uses them.
        if state != self._state:
            self._state, self._known = state, self._read()
        *noted, content = self._known.get(path, (None, None, None))
        return content if noted == [size, modified] else None

    def unread(self) -> NotedContents:
        """The same tables, of which nothing was read yet."""
        return NotedContents(self._tables, self._root)

    def _read(self) -> dict[str, tuple[int, str, str]]:
        return {
            path: (size, modified, content)
            for table in self._tables
            for root, path, size, modified, content in rows_of_contents(table)
            if root == self._root
        }


def rows_of_contents(table: Path) -> list[tuple[str, str, int, str, str]]:
    """The rows of a table of contents; none where it is not there, or no such table."""
    from pyarrow import lib  # noqa: PLC0415  # costs who asks for no version

    from sparkle_curation.engine.io.parquet import open_parquet  # noqa: PLC0415

    try:
        with open_parquet(table, made_by="manifest") as file:
            if not set(CONTENT_COLUMNS) <= set(file.schema_arrow.names):
                return []
            columns = file.read(columns=list(CONTENT_COLUMNS))
        return list(zip(*(columns[name].to_pylist() for name in CONTENT_COLUMNS), strict=True))
    except (OSError, lib.ArrowException, MissingTableError):
        return []
