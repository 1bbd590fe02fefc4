"""Which samples of a release are made from an excluded source clip: those whose clip has the bytes of one of the list.

Only clips of a listed length are read. A sample is excluded where any copy of its source clip, loose or in a tar, is listed.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sparkle_curation.ingest.assets.listing import AssetSource, find_asset_sources, list_assets
from sparkle_curation.ingest.exclusions.exclusion_list import ExclusionList
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.ingest.shapes.clips import source_clips
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.sample_ids import parse_sample_id

logger = logging.getLogger(__name__)

_BLOCK_BYTES = 1 << 20


class ListedAsset(NamedTuple):
    """A file of a release: of which sample and kind, in which tar (None for a loose file), and where in it."""

    id: str
    kind: str
    container: str | None
    path: str
    offset: int
    size: int


@dataclass(frozen=True)
class Excluded:
    """The excluded samples of a release.

    Attributes:
        ids: of the samples; they are named in no output.
        digest: of the list; empty for an empty one.
    """

    ids: frozenset[str] = frozenset()
    digest: str = field(default="")

    def __bool__(self) -> bool:
        return bool(self.ids)

    @cached_property
    def themes(self) -> frozenset[str]:
        """The themes that have such samples."""
        return frozenset(found.theme for each in self.ids if (found := parse_sample_id(each)))

    def stamp(self, theme: str | None) -> str:
        """What a table of the theme, or of none, is made of beside its sources; empty where nothing of it is excluded."""
        return self.digest if self.ids and (theme is None or theme in self.themes) else ""

    def names(self, text: bytes) -> bool:
        """Whether the bytes name one of the samples."""
        return bool(self.ids) and self._pattern.search(text) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(b"|".join(re.escape(each.encode()) for each in sorted(self.ids)))


_FOUND: WeakKeyDictionary[ReleaseFiles, Excluded] = WeakKeyDictionary()


def excluded_samples(files: ReleaseFiles) -> Excluded:
    """The samples of the release whose source clip is on its list; looked for once for each opened release."""
    if not files.exclusions:
        return Excluded()
    if files not in _FOUND:
        ids = frozenset(asset.id for asset in find_clips(files, files.exclusions))
        _FOUND[files] = Excluded(ids, files.exclusions.digest)
        logger.info(
            "exclusions: %s of the release's samples are excluded on request; %s clips are listed in %s",
            *(f"{len(ids):,}", f"{len(files.exclusions.clips):,}", files.exclusions.where),
        )
    return _FOUND[files]


def excluded_files(files: ReleaseFiles, folder: str, exclusions: ExclusionList | None = None) -> Excluded:
    """The samples among ``{folder}/{theme}/{id}.mp4``, such as a benchmark's, whose file is a listed clip.

    Args:
        files: the benchmark.
        folder: of its source videos.
        exclusions: the list, instead of that which the files carry.
    """
    listed = exclusions or files.exclusions
    if not listed:
        return Excluded()
    every = (file for name in files.folders_in(folder) for file in files.files_in(f"{folder}/{name}"))
    return excluded_among(files, every, listed)


def excluded_among(files: ReleaseFiles, sources: Iterable[SourceFile], listed: ExclusionList) -> Excluded:
    """The samples, called as their files are, whose file is a listed clip."""
    ids = set()
    for file in sources:
        hashes = listed.hashes_by_size.get(file.size)
        asset = ListedAsset(PurePosixPath(file.path).stem, KIND.source_video, None, file.path, 0, file.size)
        if hashes and sha256_of(files, asset) in hashes:
            ids.add(asset.id)
    return Excluded(frozenset(ids), listed.digest)


def find_clips(files: ReleaseFiles, exclusions: ExclusionList) -> Iterator[ListedAsset]:
    """The copies of the listed clips among the source clips of the release."""
    if shape := dataset().shape:
        for sample_id, place in source_clips(files, shape):
            clip = ListedAsset(
                sample_id, KIND.source_video, place.container, place.container, place.offset, place.size
            )
            hashes = exclusions.hashes_by_size.get(clip.size)
            if hashes and sha256_of(files, clip) in hashes:
                yield clip
        return
    sources = list(find_asset_sources(files))
    _tell_blind(sources)
    for source in sources:
        if source.kind != KIND.source_video:
            continue
        for asset in listed_assets(files, source):
            hashes = exclusions.hashes_by_size.get(asset.size)
            if hashes and sha256_of(files, asset) in hashes:
                yield asset


def listed_assets(files: ReleaseFiles, source: AssetSource) -> Iterator[ListedAsset]:
    """The assets of a shard or a folder, as ingestion lists them."""
    rows = list_assets(files, source).rows
    names = ("id", "kind", "container", "path", "offset", "size")
    yield from map(ListedAsset, *(rows[name].to_pylist() for name in names))


def sha256_of(files: ReleaseFiles, asset: ListedAsset) -> str:
    """SHA-256 of the bytes of an asset."""
    digest = hashlib.sha256()
    for block in blocks_of(files, asset):
        digest.update(block)
    return digest.hexdigest()


def blocks_of(files: ReleaseFiles, asset: ListedAsset) -> Iterator[bytes]:
    """The bytes of an asset, a megabyte at a time."""
    with files.reader(asset.container or asset.path) as reader:
        for start in range(0, asset.size, _BLOCK_BYTES):
            yield reader.read_at(asset.offset + start, min(_BLOCK_BYTES, asset.size - start))


def _tell_blind(sources: list[AssetSource]) -> None:
    seeing = {source.theme for source in sources if source.kind == KIND.source_video}
    blind = sorted({source.theme for source in sources} - seeing)
    if blind:
        logger.warning(
            "exclusions: no source video of %s is at hand, so samples of a listed clip cannot be told there and stay in",
            ", ".join(blind),
        )
