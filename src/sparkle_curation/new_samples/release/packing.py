"""Which media go into which file of a new release: shards of a given size, or loose files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl
import xxhash

from sparkle_curation.media.assets import with_identity
from sparkle_curation.spec.layout import ASSET_KINDS, asset_path, parse_shard_path, shard_path
from sparkle_curation.spec.themes import THEMES

BLOCK_BYTES = 512
"""Of a tar: a header, and what contents are filled up to."""

Layout = Literal["tars", "loose"]


@dataclass(frozen=True)
class Member:
    """One medium of a new release.

    Attributes:
        path: from the root, when loose or extracted.
        id: sample id.
        kind: asset kind.
        size: length in bytes.
        identity: of its content, as ``with_identity`` tells it.
    """

    path: str
    id: str
    kind: str
    size: int
    identity: str

    @property
    def name_in_tar(self) -> str:
        """Its path from the folder that its tar lies in."""
        return self.path.removeprefix(ASSET_KINDS[self.kind].base_folder).removeprefix("/")

    @property
    def tar_bytes(self) -> int:
        """What it takes in a tar."""
        return BLOCK_BYTES + -(-self.size // BLOCK_BYTES) * BLOCK_BYTES


@dataclass(frozen=True)
class PackedFile:
    """A file of media: a tar of members, or one loose.

    Attributes:
        path: from the root.
        members: in their order; of a loose file, itself.
        is_tar: whether it is a tar.
    """

    path: str
    members: tuple[Member, ...]
    is_tar: bool

    @property
    def key(self) -> str:
        """Digest of all that its bytes depend on."""
        told = [f"{each.name_in_tar}\0{each.size}\0{each.identity}" for each in self.members]
        return xxhash.xxh3_128_hexdigest("\n".join([str(self.is_tar), *told]).encode())

    @property
    def size(self) -> int:
        """Its length in bytes."""
        if not self.is_tar:
            return self.members[0].size
        return sum(each.tar_bytes for each in self.members) + 2 * BLOCK_BYTES


def list_members(media: pl.DataFrame, ids: pl.Series) -> list[Member]:
    """The whole media of some samples, by theme, kind and id.

    Args:
        media: columns of ``media``, one row per sample and kind at most that is whole.
        ids: of the samples.
    """
    whole = with_identity(media).filter(pl.col("error").is_null(), pl.col("id").is_in(ids.implode()))
    own = whole.unique(["id", "kind"], keep="first", maintain_order=True).with_columns(
        pl.col("theme").cast(pl.Enum(THEMES)), pl.col("kind").cast(pl.Enum(list(ASSET_KINDS)))
    )
    rows = own.sort("theme", "kind", "id").select("theme", "id", "kind", "size_bytes", "identity").rows()
    return [
        Member(asset_path(theme, kind, name), name, kind, size, identity)
        for theme, name, kind, size, identity in rows
    ]


def pack(
    members: Iterable[Member], layout: Layout, shard_bytes: int, first_parts: Mapping[tuple[str, str], int]
) -> list[PackedFile]:
    """The files that the members go into, each member once.

    A tar ends before the member that would make it longer than ``shard_bytes``; a longer member has one of its own.

    Args:
        members: by theme, kind and id.
        layout: tars, or each medium loose.
        shard_bytes: of a tar.
        first_parts: theme and kind -> number of the first tar, where it is not 0: behind those of the release.
    """
    if layout == "loose":
        return [PackedFile(each.path, (each,), is_tar=False) for each in members]
    found: list[PackedFile] = []
    by_folder: dict[tuple[str, str], list[Member]] = {}
    for each in members:
        theme = each.path.split("/")[-3]
        by_folder.setdefault((theme, each.kind), []).append(each)
    for (theme, kind), own in by_folder.items():
        first = first_parts.get((theme, kind), 0)
        found += [
            PackedFile(shard_path(theme, kind, first + number), tuple(part), is_tar=True)
            for number, part in enumerate(_parts(own, shard_bytes))
        ]
    return found


def first_parts(containers: Iterable[str]) -> dict[tuple[str, str], int]:
    """Theme and kind -> the number behind the last tar of a release.

    Args:
        containers: paths of its tars.

    >>> kind = next(iter(ASSET_KINDS))
    >>> first_parts([shard_path(THEMES[0], kind, number) for number in (0, 3)]) == {(THEMES[0], kind): 4}
    True
    """
    found: dict[tuple[str, str], int] = {}
    for path in containers:
        if name := parse_shard_path(path):
            key = (name.theme, name.kind)
            found[key] = max(found.get(key, 0), name.part + 1)
    return found


def _parts(members: Iterable[Member], shard_bytes: int) -> Iterator[list[Member]]:
    part: list[Member] = []
    held = 2 * BLOCK_BYTES
    for each in members:
        if part and held + each.tar_bytes > shard_bytes:
            yield part
            part, held = [], 2 * BLOCK_BYTES
        part.append(each)
        held += each.tar_bytes
    if part:
        yield part
