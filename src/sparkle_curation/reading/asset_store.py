"""Any asset of a release by sample and kind: a file of its own, or a part of a tar that is read where it lies."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import BinaryIO, NamedTuple, cast

import polars as pl

from sparkle_curation.errors import ReleaseError
from sparkle_curation.reading.release_files import ByteReader, ReleaseFiles

_BUFFER_BYTES = 1 << 16


class Asset(NamedTuple):
    """One copy of an asset, and where it lies."""

    id: str
    kind: str
    container: str | None
    path: str
    offset: int
    size: int


def choose_copy(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per ``id`` and ``kind``, in order: the loose copy, else that of the first tar by name."""
    return frame.sort("container", nulls_last=False, maintain_order=True).unique(
        ["id", "kind"], keep="first", maintain_order=True
    )


class AssetStore:
    """Finds and opens the assets of a release; can be pickled.

    Args:
        files: the release.
        assets: columns of ``assets``.
    """

    def __init__(self, files: ReleaseFiles, assets: pl.DataFrame) -> None:
        self._files = files
        self._assets = choose_copy(assets).select(Asset._fields).sort("id", "kind")

    def find(self, sample_id: str, kind: str) -> Asset:
        """The asset of a kind of a sample.

        Raises:
            ReleaseError: the release has none.
        """
        found = self._rows(sample_id, kind)
        if not found:
            raise ReleaseError("The release has no such asset", where=sample_id, got=kind)
        return found[0]

    def has(self, sample_id: str, kind: str) -> bool:
        """Whether the release has the asset."""
        return bool(self._rows(sample_id, kind))

    def open(self, asset: Asset) -> BinaryIO:
        """The asset, open for reading; it can be sought in."""
        if asset.container is None:
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, self._files.open(asset.path))))
        return cast(BinaryIO, io.BufferedReader(_Part(self._files, asset), _BUFFER_BYTES))

    def read(self, asset: Asset) -> bytes:
        """All bytes of the asset."""
        with self.open(asset) as file:
            return file.read()

    def _rows(self, sample_id: str, kind: str) -> list[Asset]:
        ids = self._assets["id"]
        start = ids.search_sorted(sample_id, side="left")
        end = ids.search_sorted(sample_id, side="right")
        rows = self._assets[start:end].filter(kind=kind).rows()
        return [Asset(*row) for row in rows]


class _Part(io.RawIOBase):
    """A part of a tar as a file."""

    def __init__(self, files: ReleaseFiles, asset: Asset) -> None:
        self._stack = ExitStack()
        self._reader: ByteReader = self._stack.enter_context(files.reader(asset.container or asset.path))
        self._start, self._size, self._place = asset.offset, asset.size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the asset."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """Where it stands."""
        return self._place

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read as much as fits and is there."""
        length = max(0, min(len(buffer), self._size - self._place))
        found = self._reader.read_at(self._start + self._place, length) if length else b""
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def close(self) -> None:
        """Let go of the tar."""
        self._stack.close()
        super().close()
