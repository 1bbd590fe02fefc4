"""Any asset of a release by its sample and kind: a seek into its tar, or a loose file; nothing is unpacked.

What is read is compared with what was ingested: a shard that was replaced since gives an error, and never the
bytes that now stand in the asset's place.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar, cast

from sparkle_curation.engine.io.remote.ranges import Range
from sparkle_curation.errors import AssetError, did_you_mean
from sparkle_curation.ingest.assets.index import Asset, AssetIndex, stored_index
from sparkle_curation.ingest.assets.tar_members import BLOCK_BYTES, members_before
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import AheadReader, ByteReader, RemoteAccess
from sparkle_curation.masking import without_secrets
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.sample_ids import ID_FORM, parse_sample_id

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Asset", "AssetStore", "Wanted", "check_member", "prefer_loose", "telling_asset_errors"]

_AHEAD_BYTES = 64 << 10
_INGEST = "ingest again: kedro run --pipelines ingest"

AnyFrame = TypeVar("AnyFrame", "pl.DataFrame", "pl.LazyFrame")
JobT = TypeVar("JobT")


class Wanted(NamedTuple):
    """What will be read of an asset: that many bytes of its beginning and of its end; ``None`` for all."""

    id: str
    kind: str
    head: int | None = None
    tail: int = 0


def prefer_loose(frame: AnyFrame) -> AnyFrame:
    """One row per ``id`` and ``kind``: of a loose asset and its copies in tars the loose one, else the first tar's.

    The rows keep their order.

    Args:
        frame: with ``id``, ``kind`` and ``container``, such as ``assets`` or ``media``.
    """
    place = "_place"
    return (
        frame.with_row_index(place)
        .sort("container", nulls_last=False, maintain_order=True)
        .unique(["id", "kind"], keep="first", maintain_order=True)
        .sort(place)
        .drop(place)
    )


class AssetStore:
    """Opens the assets of a release; may be handed to threads and, as what it was made of, to other processes.

    Args:
        release_root: a local folder or an fsspec URL.
        assets_path: the ingested table of assets, a local Parquet file.
        access: how a release behind a URL is reached; None for the default.
    """

    def __init__(
        self, release_root: str, assets_path: str | Path, access: RemoteAccess | None = None
    ) -> None:
        self.release_root, self.assets_path = str(release_root), str(assets_path)
        self.access = access or RemoteAccess()
        self._files: ReleaseFiles | None = None
        self._pid = 0

    def __reduce__(self) -> tuple[type[AssetStore], tuple[str | RemoteAccess, ...]]:
        access = () if self.access == RemoteAccess() else (self.access,)
        return AssetStore, (self.release_root, self.assets_path, *access)

    def __repr__(self) -> str:
        return f"AssetStore({without_secrets(self.release_root)!r}, {self.assets_path!r})"

    # ------------------------------------------------------------------ looking up
    def has(self, sample_id: str, kind: str) -> bool:
        """Whether the release has an asset of the kind for the sample."""
        return self._index.find(sample_id, kind) is not None

    def find(self, sample_id: str, kind: str) -> Asset:
        """Where the asset is: the loose file if there is one, else the first shard by name that has it.

        Raises:
            AssetError: the release has no such asset.
            MissingTableError: the assets were never ingested.
        """
        asset = self._index.find(sample_id, kind)
        if asset is None:
            raise self._absent(sample_id, kind)
        return asset

    # ------------------------------------------------------------------ reading
    def open(self, asset: Asset) -> BinaryIO:
        """The asset as a file of its own, from its first byte to its last; the caller closes it.

        Raises:
            AssetError: its file is gone, or holds something else in its place. While reading: it is cut.
            ReleaseError: the server does not send parts of files.
        """
        with ExitStack() as stack:
            reader = stack.enter_context(self._checked(asset, _AHEAD_BYTES))
            raw = _AssetFile(reader, asset, stack.pop_all())
        return cast(BinaryIO, io.BufferedReader(raw, _AHEAD_BYTES))

    def read(self, asset: Asset) -> bytes:
        """All bytes of the asset; raises as ``open``."""
        return self.read_at(asset, 0, asset.size)

    def read_at(self, asset: Asset, offset: int, length: int) -> bytes:
        """The bytes of the asset from ``offset``, at most ``length`` of them; none behind its end.

        Raises as ``open``, also where the asset is cut.
        """
        ahead = min(offset, _AHEAD_BYTES) + length
        with self._checked(asset, ahead) as reader:
            return _read_part(reader, asset, offset, length)

    def ahead(
        self, jobs: Sequence[JobT], wanted: Callable[[JobT], Iterable[Wanted]]
    ) -> Iterator[tuple[JobT, AssetStore]]:
        """Each job in order with a store to read by; behind a server what later jobs want is fetched meanwhile.

        Args:
            jobs: what is to be done.
            wanted: what each will read; something else may be read too, and costs a request then.
        """
        if self._release.is_local:
            yield from ((job, self) for job in jobs)
            return
        parts = [[part for each in wanted(job) for part in self._parts(each)] for job in jobs]
        for job, reader in zip(jobs, self._release.ahead(parts), strict=True):
            yield job, _HeldStore(self, reader)

    def shared(self, processes: int) -> AssetStore:
        """The same store for one of some processes that read at once: with its share of the requests to a server."""
        return AssetStore(self.release_root, self.assets_path, self.access.shared(processes))

    def _parts(self, wanted: Wanted) -> list[Range]:
        """The parts of files that hold what is wanted, with what it is checked by: a header, or the end of a loose file."""
        asset = self._index.find(wanted.id, wanted.kind)
        if asset is None:
            return []
        path, start, end = asset.container or asset.path, asset.offset, asset.offset + asset.size
        first, last = (max(start - BLOCK_BYTES, 0), end) if asset.container else (0, end + 1)
        if wanted.head is None or wanted.head >= asset.size:
            return [Range(path, first, last)]
        # What is opened reads so much at once.
        head, tail = max(wanted.head, _AHEAD_BYTES), max(wanted.tail, 1)
        return [Range(path, first, min(start + head, last)), Range(path, max(end - tail, first), last)]

    def _reader(self, asset: Asset) -> AbstractContextManager[ByteReader]:
        return self._release.reader(asset.container or asset.path)

    @contextmanager
    def _checked(self, asset: Asset, ahead: int) -> Iterator[ByteReader]:
        """A reader of the file that holds the asset, which is as it was ingested."""
        with telling_asset_errors(asset), self._reader(asset) as reader:
            if asset.container is None:
                _check_length(reader, asset)
                yield reader
            else:
                start = max(asset.offset - BLOCK_BYTES, 0)
                known = _ReadAhead(reader, start, asset.offset - start + min(ahead, asset.size))
                check_member(known, asset)
                yield known

    # ------------------------------------------------------------------ opened on first use, in each process
    @cached_property
    def _index(self) -> AssetIndex:
        return stored_index(Path(self.assets_path))

    @property
    def _release(self) -> ReleaseFiles:
        # Connections do not survive a fork.
        if self._files is None or self._pid != os.getpid():
            self._files, self._pid = ReleaseFiles(self.release_root, access=self.access), os.getpid()
        return self._files

    def _absent(self, sample_id: str, kind: str) -> AssetError:
        if kind not in ASSET_KINDS:
            allowed = did_you_mean(kind, ASSET_KINDS) or ", ".join(ASSET_KINDS)
            return AssetError("There is no such kind of asset", where=sample_id, got=kind, allowed=allowed)
        if parse_sample_id(sample_id) is None:
            return AssetError(
                "An asset is asked for by what is no sample id",
                got=sample_id,
                allowed=ID_FORM,
            )
        present = [other for other in ASSET_KINDS if self.has(sample_id, other)]
        return AssetError(
            "The release has no such asset",
            where=f"{self.release_root}, as ingested into {self.assets_path}",
            got=f"no {kind} of {sample_id}",
            allowed=f"{', '.join(present)} of this sample" if present else "no asset of this sample is there",
            todo=f"add the file or shard that holds it and {_INGEST}",
        )


class _HeldStore(AssetStore):
    """A store for one job, which reads what was fetched for it."""

    def __init__(self, store: AssetStore, ahead: AheadReader) -> None:
        super().__init__(store.release_root, store.assets_path, store.access)
        self._files, self._pid, self._index = store._files, store._pid, store._index
        self._held = ahead

    def _reader(self, asset: Asset) -> AbstractContextManager[ByteReader]:
        end = asset.offset + asset.size + (0 if asset.container else 1)
        return nullcontext(self._held.of(asset.container or asset.path, end))


# ------------------------------------------------------------------ the asset is what was ingested
def _check_length(reader: ByteReader, asset: Asset) -> None:
    """Raises where a loose file is not as long as it was."""
    last = max(asset.size - 1, 0)
    if len(reader.read_at(last, 2)) != asset.size - last:
        raise AssetError(
            "A file is not as long as when it was ingested",
            where=asset.path,
            allowed=f"{asset.size} bytes",
            todo=_INGEST,
        )


def check_member(reader: ByteReader, asset: Asset) -> None:
    """Nothing, where the headers before the asset's content in a tar are those of the asset.

    Raises:
        AssetError: they are of something else.
    """
    if dataset().shape is not None:
        _check_place(reader, asset)
        return
    # A shard is extracted inside the folder of its kind (dataset card, "Pipeline Intermediates").
    base = ASSET_KINDS[asset.kind].base_folder
    path = asset.path.removeprefix(f"{base}/") if base else asset.path
    seen: list[str] = []
    for member in members_before(reader, asset.offset, asset.size):
        if member.path == path and member.size == asset.size:
            return
        seen.append(f"{member.path} of {member.size} bytes")
    raise AssetError(
        "A shard is not the one that was ingested",
        where=f"{asset.container}, byte {asset.offset}",
        got=seen[0] if seen else "no header of a file",
        allowed=f"{path} of {asset.size} bytes",
        todo=_INGEST,
    )


def _check_place(reader: ByteReader, asset: Asset) -> None:
    """Nothing, where a file of another shape may still hold the asset: a whole file is as long, a tar has a member there.

    What the member is called is not known here, and in a zip nothing is looked at.
    """
    if asset.offset == 0:
        _check_length(reader, asset)
        return
    if (asset.container or "").lower().endswith(".zip"):
        return
    if not any(member.size == asset.size for member in members_before(reader, asset.offset, asset.size)):
        raise AssetError(
            "A tar is not the one that was ingested",
            where=f"{asset.container}, byte {asset.offset}",
            got="no header of a file of that length",
            allowed=f"{asset.kind} of {asset.id}, of {asset.size} bytes",
            todo=_INGEST,
        )


@contextmanager
def telling_asset_errors(asset: Asset) -> Iterator[None]:
    """What goes wrong with the file that holds an asset, as an ``AssetError``."""
    path = asset.container or asset.path
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AssetError(
            "A file of the release is not there any more",
            where=path,
            got=f"nothing, where {asset.kind} of {asset.id} was",
            todo=_INGEST,
        ) from error
    except OSError as error:
        raise AssetError(
            "A file of the release cannot be read",
            where=f"{path}, {asset.kind} of {asset.id}",
            got=error.strerror or str(error),
            todo="look at the disk, the server or the permissions",
        ) from error


# ------------------------------------------------------------------ reading
class _ReadAhead:
    """A reader that has read one part already: a header and what follows it cost one request."""

    def __init__(self, reader: ByteReader, offset: int, length: int) -> None:
        self._reader, self._start = reader, offset
        self._block = reader.read_at(offset, length)

    def read_at(self, offset: int, length: int) -> bytes:
        """From the part that is read, else from the file."""
        start = offset - self._start
        if start >= 0 and start + length <= len(self._block):
            return self._block[start : start + length]
        return self._reader.read_at(offset, length)


def _read_part(reader: ByteReader, asset: Asset, offset: int, length: int) -> bytes:
    """The bytes of the asset from ``offset``; raises where its file ends before the asset does."""
    if offset < 0 or length < 0:
        raise ValueError(f"bytes {offset} to {offset + length} of an asset; allowed are 0 and more")
    wanted = max(0, min(length, asset.size - offset))
    found = reader.read_at(asset.offset + offset, wanted) if wanted else b""
    while len(found) < wanted:  # a system may give fewer bytes than asked for, and more when asked again
        more = reader.read_at(asset.offset + offset + len(found), wanted - len(found))
        if not more:
            raise AssetError(
                "A file of the release is cut",
                where=asset.container or asset.path,
                got=f"its end, {offset + len(found)} bytes into {asset.kind} of {asset.id}",
                allowed=f"{asset.size} bytes from byte {asset.offset}",
                todo=f"download it again and {_INGEST}",
            )
        found += more
    return found


class _AssetFile(io.RawIOBase):
    """An asset as a file; what holds it open is let go when it is closed."""

    def __init__(self, reader: ByteReader, asset: Asset, opened: ExitStack) -> None:
        self._reader, self._asset, self._opened = reader, asset, opened
        self._place = 0
        self.name = asset.path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        place = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._asset.size}[whence] + offset
        if place < 0:
            raise ValueError(f"byte {place} of an asset; allowed are 0 and more")
        self._place = place
        return place

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]
        found = self._read(len(target))
        target[: len(found)] = found
        return len(found)

    def readall(self) -> bytes:
        return self._read(self._asset.size)

    def _read(self, length: int) -> bytes:
        with telling_asset_errors(self._asset):
            found = _read_part(self._reader, self._asset, self._place, length)
        self._place += len(found)
        return found

    def close(self) -> None:
        if not self.closed:
            self._opened.close()
        super().close()
