"""The media files of a release: tar members and loose files, told by their paths alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import pyarrow as pa

from sparkle_curation.engine.io.storable_text import is_storable
from sparkle_curation.ingest.assets.tar_members import (
    TarFolder,
    TarMember,
    list_members,
    normalise_name,
)
from sparkle_curation.ingest.assets.walk_notes import WalkedFiles, tar_headers
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.ingest.remote_files import ByteReader
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import (
    ASSET_KINDS,
    BASE_FOLDERS,
    AssetName,
    ShardName,
    annotation_paths,
    asset_folder,
    parse_asset_path,
    parse_shard_path,
)
from sparkle_curation.spec.sample_ids import id_form
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS, JSONL_TABLES
from sparkle_curation.spec.themes import THEMES

ASSET_SCHEMA: pa.Schema = arrow_schema(ASSET_COLUMNS)
_COMPARED_BYTES = 1 << 20


@dataclass(frozen=True)
class AssetSource:
    """A shard, or a folder of loose assets, with the files that its fingerprint is taken of.

    Attributes:
        theme: theme of its assets.
        kind: kind of its assets.
        path: path of the shard or of the folder, from the release root.
        files: the shard itself, or the files of the folder by name.
        part: part number of the shard; None for a folder.
        refused_links: path and reason of each link of the folder that is not followed.
    """

    theme: str
    kind: str
    path: str
    files: tuple[SourceFile, ...]
    part: int | None = None
    refused_links: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """What tells it from the others of its theme."""
        return self.kind if self.part is None else f"{self.kind}_part{self.part:02d}"

    @property
    def size_bytes(self) -> int:
        """Length of all its files together."""
        return sum(file.size for file in self.files)


class FilesRead(WalkedFiles, Protocol):
    """Opens the files of a release; ``ReleaseFiles`` does."""

    def reader(self, path: str) -> AbstractContextManager[ByteReader]:
        """A reader of any part of the file at ``path``."""
        ...


class AssetListing(NamedTuple):
    """The assets of one source.

    Attributes:
        rows: one row per asset, columns ``ASSET_COLUMNS``; a shard in the order of the tar, a folder by name.
        faults: what is no asset of this source, in the same order.
        record_count: members walked or files found: the rows and the ``line_count`` of the faults together.
    """

    rows: pa.Table
    faults: list[Fault]
    record_count: int


def find_asset_sources(files: ReleaseFiles) -> Iterator[AssetSource]:
    """The asset sources that are there: by theme and kind, the loose folder first, then the shards by part.

    A folder is listed when its turn comes, and its files are asked for once: an extracted release has a
    million of them. A folder without files and links is not there.
    """
    shards = _find_shards(files)
    for theme in THEMES:
        for kind in ASSET_KINDS:
            folder = asset_folder(theme, kind)
            loose_files = tuple(files.files_in(folder))
            refused = tuple(files.refused_links(folder))
            if loose_files or refused:
                yield AssetSource(theme, kind, folder, loose_files, refused_links=refused)
            yield from shards.get((theme, kind), ())


def unknown_files(files: ReleaseFiles) -> list[SourceFile]:
    """Files that no table is made of, and that none of a release can be; none of them is read.

    Tars that lie where shards do, but whose names the layout does not know; and what lies there or in the folders of
    texts under a name that is not UTF-8. In the folders of loose assets each file is told as it is.
    """
    tars = [
        file
        for file in _shard_folder_files(files)
        if file.path.endswith(".tar") and not parse_shard_path(file.path)
    ]
    texts = (path.rpartition("/")[0] for path in _text_paths())
    loose = {asset_folder(theme, kind) for theme in THEMES for kind in ASSET_KINDS}
    folders = sorted({"", *BASE_FOLDERS, *texts} - loose)
    unnamed = (file for folder in folders for file in files.files_in(folder) if not is_storable(file.path))
    return list(dict.fromkeys([*tars, *unnamed]))


def list_assets(files: FilesRead, source: AssetSource) -> AssetListing:
    """The assets of a source, as `find_asset_sources` gives it."""
    links = [_link_fault(path, reason) for path, reason in source.refused_links]
    if source.part is not None and not links:
        return shard_assets(files, source.files[0])
    rows, faults, record_count = loose_assets(source.theme, source.kind, source.files)
    return AssetListing(rows, [*faults, *links], record_count + len(links))


def loose_assets(theme: str, kind: str, loose_files: Sequence[SourceFile]) -> AssetListing:
    """The assets among the files of the loose folder of a theme and kind.

    A file that the layout does not know there is a fault, ``unexpected_path``, with its path as the raw text.
    """
    rows, faults = [], []
    for file in loose_files:
        name = parse_asset_path(file.path)
        if name is not None and (name.theme, name.kind) == (theme, kind):
            rows.append((name.id, file.path, 0, file.size))
        else:
            detail = f"allowed in {asset_folder(theme, kind)}: {_allowed_name(theme, kind)}"
            raw = file.path.encode("utf-8", "surrogateescape")
            faults.append(Fault(Reason.UNEXPECTED_PATH, detail, raw, 0, file.size))
    return AssetListing(_asset_rows(theme, kind, None, rows), faults, len(loose_files))


def shard_assets(files: FilesRead, shard_file: SourceFile) -> AssetListing:
    """The assets in a shard: the tar is walked, not unpacked.

    A member that is not of the shard's theme and kind is a fault, ``unexpected_path``. Of members with one
    path the last stays, as when the tar is extracted; the others are faults, ``duplicate_identical`` or
    ``duplicate_conflicting`` as their bytes are the same as the last one's or not. Where the last is a link, a device or
    a folder, none stays.

    Raises:
        ValueError: the path of ``shard_file`` is not that of a shard.
    """
    shard = parse_shard_path(shard_file.path)
    if shard is None:
        raise ValueError(f"{shard_file.path!r} is not the path of a shard")
    with (
        files.reader(shard_file.path) as reader,
        tar_headers(files, shard_file, reader) as headers,
    ):
        members, faults, folders = list_members(headers, shard_file.size)
        record_count = len(members) + len(faults)
        faults = [_with_id(fault, shard) for fault in faults]
        named, unexpected = _name_members(shard, members)
        last: dict[str, TarMember | TarFolder] = {member.path: member for _, member in named}
        for place in (*folders, *_others(faults)):
            if place.path in last and last[place.path].byte_offset < place.byte_offset:
                last[place.path] = place
        repeated = (
            _repeated_members(reader, named, last)
            if any(last[member.path] is not member for _, member in named)
            else []
        )
    rows = [
        (name.id, _path_from_root(shard, member.path), member.offset, member.size)
        for name, member in named
        if last[member.path] is member
    ]
    faults = sorted([*faults, *unexpected, *repeated], key=lambda fault: fault.byte_offset)
    return AssetListing(_asset_rows(shard.theme, shard.kind, shard_file.path, rows), faults, record_count)


def _link_fault(path: str, reason: str) -> Fault:
    asset = parse_asset_path(path)
    raw = path.encode("utf-8", "surrogateescape")
    return Fault(Reason.LINK, f"{reason}; it is not followed", raw, 0, 0, id=asset.id if asset else None)


# ------------------------------------------------------------------ sources
def _text_paths() -> Iterator[str]:
    for theme in THEMES:
        yield from annotation_paths(theme)
        yield from (table.path_of(theme) for table in JSONL_TABLES.values() if table.has_source)


def _shard_folder_files(files: ReleaseFiles) -> list[SourceFile]:
    return [file for folder in ("", *BASE_FOLDERS) for file in files.files_in(folder)]


def _find_shards(files: ReleaseFiles) -> dict[tuple[str, str], list[AssetSource]]:
    found = [
        *((file.path, (file,), ()) for file in _shard_folder_files(files)),
        *((link[0], (), (link,)) for folder in ("", *BASE_FOLDERS) for link in files.refused_links(folder)),
    ]
    shards: dict[tuple[str, str], list[AssetSource]] = {}
    for path, own, links in sorted(found):
        if name := parse_shard_path(path):
            source = AssetSource(name.theme, name.kind, path, own, name.part, links)
            shards.setdefault((name.theme, name.kind), []).append(source)
    for sources in shards.values():
        sources.sort(key=lambda source: source.part or 0)
    return shards


# ------------------------------------------------------------------ members of a shard
def _path_from_root(shard: ShardName, member_path: str) -> str:
    # A shard is extracted inside the folder of its kind (dataset card, "Pipeline Intermediates").
    base = ASSET_KINDS[shard.kind].base_folder
    return f"{base}/{member_path}" if base else member_path


def _asset_name(shard: ShardName, member_path: str) -> AssetName | None:
    name = parse_asset_path(_path_from_root(shard, member_path))
    return name if name is not None and (name.theme, name.kind) == (shard.theme, shard.kind) else None


def _name_members(
    shard: ShardName, members: Iterable[TarMember]
) -> tuple[list[tuple[AssetName, TarMember]], list[Fault]]:
    named, unexpected = [], []
    for member in members:
        name = _asset_name(shard, member.path)
        if name is not None:
            named.append((name, member))
        else:
            detail = (
                f"allowed in this shard: {shard.theme}/{shard.kind}/{_allowed_name(shard.theme, shard.kind)}"
            )
            unexpected.append(_member_fault(Reason.UNEXPECTED_PATH, detail, member))
    return named, unexpected


def _others(faults: Iterable[Fault]) -> Iterator[TarFolder]:
    """The places of links and devices, which replace a file of their path as a folder does."""
    for fault in faults:
        if fault.reason in {Reason.LINK, Reason.NOT_A_FILE}:
            yield TarFolder(normalise_name(fault.raw), fault.byte_offset)


def _repeated_members(
    reader: ByteReader,
    named: Iterable[tuple[AssetName, TarMember]],
    last: Mapping[str, TarMember | TarFolder],
) -> list[Fault]:
    """A fault for each member that a later one of its path replaces."""
    faults = []
    for name, member in named:
        kept = last[member.path]
        if kept is member:
            continue
        if isinstance(kept, TarFolder):
            reason = Reason.DUPLICATE_CONFLICTING
            detail = f"what stands at byte {kept.byte_offset} has the same path and is no file: none stays"
        else:
            is_same = _has_same_bytes(reader, member, kept)
            reason = Reason.DUPLICATE_IDENTICAL if is_same else Reason.DUPLICATE_CONFLICTING
            detail = f"the member at byte {kept.byte_offset} has the same path and stays, as when the tar is extracted"
        faults.append(replace(_member_fault(reason, detail, member), id=name.id))
    return faults


def _has_same_bytes(reader: ByteReader, one: TarMember, other: TarMember) -> bool:
    if one.size != other.size:
        return False
    for start in range(0, one.size, _COMPARED_BYTES):
        length = min(_COMPARED_BYTES, one.size - start)
        if reader.read_at(one.offset + start, length) != reader.read_at(other.offset + start, length):
            return False
    return True


def _member_fault(reason: Reason, detail: str, member: TarMember) -> Fault:
    return Fault(reason, detail, member.name, member.byte_offset, member.byte_count)


def _with_id(fault: Fault, shard: ShardName) -> Fault:
    # The name in a damaged header says nothing; in all others it tells which sample lacks its asset.
    if fault.reason is Reason.BAD_TAR_HEADER:
        return fault
    name = _asset_name(shard, normalise_name(fault.raw))
    return replace(fault, id=name.id) if name is not None else fault


# ------------------------------------------------------------------ rows
def _allowed_name(theme: str, kind: str) -> str:
    return f"{id_form(theme)}.{ASSET_KINDS[kind].suffix}"


def _asset_rows(
    theme: str, kind: str, container: str | None, rows: Sequence[tuple[str, str, int, int]]
) -> pa.Table:
    ids, paths, offsets, sizes = zip(*rows, strict=True) if rows else ((), (), (), ())
    count = len(rows)
    columns = [ids, [theme] * count, [kind] * count, [container] * count, paths, offsets, sizes]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, ASSET_SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=ASSET_SCHEMA)
