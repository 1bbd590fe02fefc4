"""Bringing files: read, written under a name of this run, hashed, flushed, noted, and only then given their final name."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import polars as pl
import xxhash

from sparkle_curation.engine.executors.ordered_map import ordered_map
from sparkle_curation.engine.io.disk import telling_full_disk
from sparkle_curation.errors import AssetError, FileError, SparkleError
from sparkle_curation.extraction.folder import WorkFolder
from sparkle_curation.extraction.plan import Action
from sparkle_curation.extraction.sources import BatchReader, Sources, link_fault
from sparkle_curation.ingest.assets.store import Asset, telling_asset_errors
from sparkle_curation.spec.tables.extraction import Method

logger = logging.getLogger(__name__)

BATCH_BYTES, BATCH_FILES = 32 << 20, 64
"""What is flushed and noted together: what a killed run loses, for each thread."""
MAX_FAILURES = 100
"""A server that is gone fails for every file, after some seconds each."""
_PIECE_BYTES = 1 << 20


class Item(NamedTuple):
    """One file, and what is done for it."""

    asset: Asset
    theme: str
    action: Action
    is_ours: bool
    known_hash: str | None


class Done(NamedTuple):
    """What became of one file: how it was brought, None where it was there; or the error."""

    item: Item
    method: Method | None
    error: SparkleError | None = None


@dataclass
class Linking:
    """Whether files are linked; said once where they cannot be, since copies take room and time.

    Attributes:
        fault: why they cannot be.
    """

    fault: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def link(self, source: Path, target: Path) -> bool:
        """Whether the file has now another name."""
        if self.fault is not None:
            return False
        fault = link_fault(source, target)
        with self._lock:
            if fault is not None and self.fault is None:
                self.fault = fault
                logger.warning(
                    "files at %s cannot be linked to %s (%s): they are copied",
                    source.parent,
                    target.parents[2],
                    fault,
                )
        return fault is None


def items_of(decided: pl.DataFrame) -> list[Item]:
    """What there is to do, sorted by tar and place in it, so that a disk reads forward; what is kept is not there."""
    work = decided.filter(pl.col("action") != Action.KEEP).sort(
        "container", "offset", "path", nulls_last=True
    )
    return [
        Item(
            Asset(row["id"], row["kind"], row["container"], row["path"], row["offset"], row["size"]),
            row["theme"],
            Action(row["action"]),
            row["is_ours"],
            row["known_hash"],
        )
        for row in work.iter_rows(named=True)
    ]


def batches_of(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Neighbours of one tar, or some loose files, of ``BATCH_BYTES`` and ``BATCH_FILES`` at most, else one alone."""
    batch: list[Item] = []
    held = 0
    for item in items:
        is_full = held + item.asset.size > BATCH_BYTES or len(batch) == BATCH_FILES
        if batch and (is_full or item.asset.container != batch[0].asset.container):
            yield batch
            batch, held = [], 0
        batch.append(item)
        held += item.asset.size
    if batch:
        yield batch


class Bringing:
    """Brings batches of files; one object for all threads.

    Args:
        sources: where they come from.
        work: where they go.
        linking: whether they are linked.
        progress: told how many more bytes are done.
    """

    def __init__(
        self, sources: Sources, work: WorkFolder, linking: Linking, progress: Callable[[int], None]
    ) -> None:
        self._sources, self._work, self._linking, self._progress = sources, work, linking, progress

    def bring_all(self, items: Iterable[Item], threads: int) -> Iterator[Done]:
        """What became of each file, in the order of the items; it ends early where too many fail.

        Raises:
            DiskError: the disk is full; what was noted until here stays done.
        """
        failures = 0
        for batch in ordered_map(self.bring, batches_of(items), threads=threads):
            failures += sum(done.error is not None for done in batch)
            yield from batch
            if failures >= MAX_FAILURES:
                return

    def bring(self, batch: list[Item]) -> list[Done]:
        """What became of each file of a batch; all that went well are noted and have their final names."""
        done: list[Done] = []
        staged: list[_Staged] = []
        with telling_full_disk(self._work.folder), ExitStack() as stack:
            reader = _LazyReader(self._sources, [item.asset for item in batch], stack)
            for item in batch:
                try:
                    found = self._bring_one(item, reader)
                except (AssetError, FileError) as error:
                    done.append(Done(item, None, error))
                    continue
                staged.append(found)
                done.append(Done(item, found.method if found.file is not None else None))
            self._work.publish(
                (each.file, _row(item, each, self._work.folder))
                for item, each in zip((each.item for each in done if each.error is None), staged, strict=True)
            )
        return done

    def _bring_one(self, item: Item, reader: _LazyReader) -> _Staged:
        """A file that shall get the final name, or what is known of the one that has it."""
        target = self._work.folder / item.asset.path
        if item.action == Action.HASH and hash_of(target) == item.known_hash:
            self._progress(item.asset.size)
            return _Staged(None, item.known_hash, Method.COPIED if item.is_ours else Method.FOUND)
        file = self._work.new_file()
        try:
            staged = self._stage(item, reader, file)
            if item.action == Action.COMPARE and (same := _as_it_is(item, staged, target)):
                file.unlink()
                return same
            if item.action != Action.BRING and not item.is_ours:
                raise _foreign(target)  # noqa: TRY301 -- what was staged goes as for any other error
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        return staged

    def _stage(self, item: Item, reader: _LazyReader, file: Path) -> _Staged:
        """The file under a name of this run: another name of one of this machine, or its bytes, which are on the disk."""
        asset = item.asset
        whole = self._sources.whole_file(asset)
        if whole is not None and self._sources.is_linked(asset) and self._linking.link(whole, file):
            self._progress(asset.size)
            return _Staged(file, None, Method.LINKED)
        with ExitStack() as stack:
            if whole is not None:
                pieces = pieces_of(stack.enter_context(whole.open("rb", buffering=0)), asset)
            elif asset.container is not None:
                pieces = reader.get().content(asset)
            else:
                pieces = stack.enter_context(self._sources.open([asset])).content(asset)
            return _Staged(file, self._write(file, pieces), Method.COPIED)

    def _write(self, file: Path, pieces: Iterable[bytes]) -> str:
        """The digest of the bytes, which are on the disk."""
        digest = xxhash.xxh3_128()
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            for piece in pieces:
                digest.update(piece)
                left = memoryview(piece)
                while left:
                    left = left[os.write(handle, left) :]
                self._progress(len(piece))
            os.fsync(handle)
        finally:
            os.close(handle)
        return digest.hexdigest()


class _Staged(NamedTuple):
    """A file under a name of this run, None where the one under the final name stays; its digest, and how it came."""

    file: Path | None
    content: str | None
    method: Method


class _LazyReader:
    """The tar of a batch, opened once and where it is needed: of what is linked it is not."""

    def __init__(self, sources: Sources, assets: Sequence[Asset], stack: ExitStack) -> None:
        self._sources, self._assets, self._stack = sources, assets, stack
        self._reader: BatchReader | None = None

    def get(self) -> BatchReader:
        if self._reader is None:
            self._reader = self._stack.enter_context(self._sources.open(self._assets))
        return self._reader


def _as_it_is(item: Item, staged: _Staged, target: Path) -> _Staged | None:
    """What is known of the file under the final name, where it has the bytes of the staged one; else None."""
    file = staged.file
    if file is None:
        return None
    is_one = file.samefile(target)
    if is_one and item.is_ours:
        return _Staged(None, None, Method.LINKED)
    there = hash_of(target)
    if is_one or there == (staged.content or hash_of(file)):
        return _Staged(None, there, Method.COPIED if item.is_ours else Method.FOUND)
    return None


def _foreign(target: Path) -> FileError:
    return FileError(
        "Something else lies where a file shall be extracted to",
        where=target,
        got="a file of the same length with other bytes",
        allowed="nothing, or files that were extracted here before, or the very same files",
        todo="move it away, or give another folder: --params extract.folder=/path/to/folder",
    )


def hash_of(path: Path) -> str:
    """xxh3-128 of a file's bytes; a link is not followed.

    Raises:
        OSError: it is a link, is not there or cannot be read.
    """
    digest = xxhash.xxh3_128()
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb", buffering=0) as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def pieces_of(file: BinaryIO, asset: Asset) -> Iterator[bytes]:
    """The bytes of a file that has been opened.

    Raises:
        AssetError: it cannot be read, or is not as long as it was a moment ago.
    """
    size = 0
    while True:
        with telling_asset_errors(asset._replace(container=None)):
            piece = file.read(_PIECE_BYTES)
        if not piece:
            break
        size += len(piece)
        yield piece
    if size != asset.size:
        raise AssetError(
            "A file changes while it is copied",
            where=asset.path,
            got=f"{size:,} bytes",
            allowed=f"{asset.size:,} bytes",
            todo="run again when nothing writes to it",
        )


def _row(item: Item, staged: _Staged, folder: Path) -> dict[str, object]:
    """The row of the manifest."""
    modified_ns = (staged.file or folder / item.asset.path).stat().st_mtime_ns
    return {
        **item.asset._asdict(),
        "theme": item.theme,
        "xxh3_128": staged.content,
        "method": str(staged.method),
        "modified_ns": modified_ns,
        "extracted_at": datetime.now(UTC).isoformat(timespec="microseconds"),
    }
