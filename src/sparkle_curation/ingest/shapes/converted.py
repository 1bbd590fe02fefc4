"""What is made once of a release of another shape, in a folder of this machine: named by what it was made of.

The folder may be deleted: the next ingestion makes again what it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.release_files import CONVERTED, ReleaseFiles

_GENERATION = "generation.txt"


class Converted:
    """The folder.

    Args:
        files: the release, whose access says where the folder is.
    """

    def __init__(self, files: ReleaseFiles) -> None:
        self._files = files
        self._root = files.access.converted

    def generation(self) -> str:
        """A name of what is converted there: another one after the folder was deleted, so that its files are made again."""
        if self._root is None or not self._files.is_local:
            return ""
        note = Path(self._root, _GENERATION)
        if not note.is_file():
            with atomic_file(note) as temporary:
                temporary.write_text(f"{uuid4().hex}\n", "utf-8")
        return note.read_text("utf-8")

    def file(self, kind: str, name: str, write: Callable[[BinaryIO], None]) -> tuple[str, int]:
        """The path of a file as the release knows it, and its length; it is written where it is not there.

        Args:
            kind: what it is, the folder.
            name: digest of what it is made of, with a suffix.
            write: writes its content.

        Raises:
            ReleaseError: the release lies behind a URL, or nobody said where the folder is.
        """
        if self._root is None or not self._files.is_local:
            raise ReleaseError(
                "A release that is converted must lie on this machine",
                where=f"release_root={self._files.root}",
                got="the address of a server"
                if not self._files.is_local
                else "no folder for what is converted",
                allowed="a local folder, where split or packed archives, bytes in Parquet files or masks are converted",
                todo="download the release and give its folder: --params release_root=/path/to/release",
            )
        place = f"{kind}/{name[:2]}/{name}"
        path = Path(self._root, place)
        if not path.is_file():
            with atomic_file(path) as temporary, temporary.open("wb") as file:
                write(file)
        return f"{CONVERTED}/{place}", path.stat().st_size
