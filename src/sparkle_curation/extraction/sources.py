"""Where the bytes of a wanted file come from: a range of a tar, a loose file, or one that was extracted already."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sparkle_curation.errors import AssetError, ParameterError
from sparkle_curation.extraction.settings import ExtractSettings, Mode, as_folder
from sparkle_curation.ingest.assets.store import Asset, check_member, telling_asset_errors
from sparkle_curation.ingest.assets.tar_members import BLOCK_BYTES
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import ByteReader

AHEAD_BYTES = 4 << 20
"""Read at once, at most: a small clip with its header is one request."""
_GAP_BYTES = 64 << 10
"""Bytes between two wanted members that are read rather than asked around."""


class Sources:
    """The release, and where its tars are extracted already.

    Args:
        release: the files of the release.
        settings: whether members of tars are linked from elsewhere, and loose files linked.

    Raises:
        ParameterError: the place of the extracted files is not said, or is no folder.
    """

    def __init__(self, release: ReleaseFiles, settings: ExtractSettings) -> None:
        self.release = release
        self._links_loose = settings.loose == Mode.LINK
        self._extracted = _extracted_files(settings) if settings.mode == Mode.LINK else None

    def whole_file(self, asset: Asset) -> Path | None:
        """The file of this machine that is the asset; None where it is in a tar that is read, or behind a URL.

        Raises:
            AssetError: it is not there, or not as long as when the release was ingested.
        """
        files = self._extracted if asset.container is not None else self.release
        if files is None or not files.is_local:
            return None
        loose = asset._replace(container=None)
        with telling_asset_errors(loose):
            path = files.local_file(asset.path)
            size = path.stat().st_size if path is not None and path.is_file() else None
        if size == asset.size:
            return path
        if files is self._extracted:
            raise AssetError(
                "A file is not among those that were extracted already" if size is None else _OTHER_LENGTH,
                where=f"{files.root}/{asset.path}",
                got="nothing" if size is None else f"{size:,} bytes",
                allowed=f"the {asset.size:,} bytes of {asset.container}",
                todo="extract its tar there again, or have it brought from the tar: --params extract.mode=copy",
            )
        raise AssetError(
            "A file of the release is not there any more" if size is None else _OTHER_LENGTH,
            where=asset.path,
            got="nothing" if size is None else f"{size:,} bytes",
            allowed=f"{asset.size:,} bytes",
            todo="ingest again: kedro run --pipelines ingest,training_kit",
        )

    def is_linked(self, asset: Asset) -> bool:
        """Whether the file becomes a link, where the file system has them."""
        if asset.container is not None:
            return self._extracted is not None
        return self._links_loose and self.release.is_local

    @contextmanager
    def open(self, assets: Sequence[Asset]) -> Iterator[BatchReader]:
        """A reader of assets of one tar, or of one loose file, to be read in their order.

        Raises:
            AssetError: the file is gone or cannot be read.
            ReleaseError: the server does not send parts of files.
        """
        first = assets[0]
        with ExitStack() as stack:
            # What goes wrong while they are read is told there: a disk that is full is none of the release's.
            with telling_asset_errors(first):
                reader = stack.enter_context(self.release.reader(first.container or first.path))
            yield BatchReader(reader, _ends(assets))


class BatchReader:
    """Reads some assets of one file one after another; neighbours come with one request.

    Args:
        reader: of the file.
        ends: for each first byte of an asset's content, up to where may be read ahead.
    """

    def __init__(self, reader: ByteReader, ends: dict[int, int]) -> None:
        self._reader, self._ends = reader, ends
        self._start, self._block, self._end = 0, b"", 0

    def content(self, asset: Asset) -> Iterator[bytes]:
        """The bytes of the asset in pieces, once the header before them was found to be its own.

        Raises:
            AssetError: the tar holds something else there, or ends before the asset does.
        """
        self._end = self._ends[asset.offset]
        with telling_asset_errors(asset):
            if asset.container is not None:
                check_member(self, asset)
        place, end = asset.offset, asset.offset + asset.size
        while place < end:
            with telling_asset_errors(asset):
                piece = self._some(place, min(end - place, AHEAD_BYTES))
            if not piece:
                raise AssetError(
                    "A file of the release is cut",
                    where=asset.container or asset.path,
                    got=f"its end, {place - asset.offset} bytes into {asset.kind} of {asset.id}",
                    allowed=f"{asset.size} bytes from byte {asset.offset}",
                    todo="download it again and ingest again: kedro run --pipelines ingest,training_kit",
                )
            place += len(piece)
            yield piece
        if asset.container is None:
            with telling_asset_errors(asset):
                behind = self._reader.read_at(end, 1)
            if behind:
                raise AssetError(
                    _OTHER_LENGTH,
                    where=asset.path,
                    got="more bytes",
                    allowed=f"{asset.size:,} bytes",
                    todo="ingest again: kedro run --pipelines ingest,training_kit",
                )

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from ``offset``, for who looks at headers: what lies before the block is read by itself."""
        if offset < self._start or offset + length > self._end:
            return self._reader.read_at(offset, length)
        found = b""
        while len(found) < length and (more := self._some(offset + len(found), length - len(found))):
            found += more
        return found

    def _some(self, offset: int, at_most: int) -> bytes:
        """Some of the bytes from ``offset``; none at the end of the file."""
        start = offset - self._start
        if not 0 <= start < len(self._block):
            self._block = self._reader.read_at(offset, max(at_most, min(AHEAD_BYTES, self._end - offset)))
            self._start, start = offset, 0
        return self._block[start : start + at_most]


_OTHER_LENGTH = "A file is not as long as when it was ingested"


def _ends(assets: Sequence[Asset]) -> dict[int, int]:
    """For each asset's first byte, the end of the run of neighbours that it is in."""
    ends: dict[int, int] = {}
    end, start = 0, 0
    for asset in reversed(assets):
        own = asset.offset + asset.size
        end = end if ends and start - own <= _GAP_BYTES else own
        start = asset.offset - BLOCK_BYTES
        ends[asset.offset] = end
    return ends


def _extracted_files(settings: ExtractSettings) -> ReleaseFiles:
    if settings.extracted_root is None:
        raise ParameterError(
            "extract.mode=link needs the place where the tars are extracted",
            where="extract.extracted_root",
            got="null",
            allowed="a folder in which the paths of the training CSVs resolve",
            todo="kedro run --pipelines extract --params extract.mode=link,extract.extracted_root=/path/to/folder; or "
            "extract.mode=copy, which reads the tars",
        )
    root = as_folder(settings.extracted_root)
    if not root.is_dir():
        raise ParameterError(
            "There is no folder where the tars were said to be extracted",
            where="extract.extracted_root",
            got=root,
            allowed="a folder in which the paths of the training CSVs resolve",
            todo="give the right one, or extract.mode=copy, which reads the tars",
        )
    return ReleaseFiles(str(root))


def link_fault(source: Path, target: Path) -> str | None:
    """Why a file cannot get another name at ``target``, in words; None where it has it now."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return error.strerror or str(error)
    return None


_NO_LINK = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
)
"""Another file system, or one without hard links, or a system that grants none to files of others."""
