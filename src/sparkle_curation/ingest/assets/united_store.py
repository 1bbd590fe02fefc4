"""The release's assets together with those that this project made, as one store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sparkle_curation.engine.io.parquet import parquet_files
from sparkle_curation.ingest.assets.store import Asset, AssetStore, JobT, Wanted
from sparkle_curation.ingest.remote_files import ByteReader, RemoteAccess


class _MadeAsset(Asset):
    """An asset that lies below the folder of made media."""


class UnitedAssetStore(AssetStore):
    """Opens the made asset of a sample and kind where there is one, else the released one.

    Args:
        release_root: a local folder or an fsspec URL.
        assets_path: the ingested table of assets.
        made_root: local folder of made media, in the published layout.
        made_assets_path: the table of made assets; need not be there.
        access: how a release behind a URL is reached; None for the default.
        refused: id and kind of the made assets that a person refused; the released one stands for each, where there is one.
    """

    def __init__(
        self,
        release_root: str,
        assets_path: str | Path,
        made_root: str,
        made_assets_path: str | Path,
        access: RemoteAccess | None = None,
        refused: Collection[tuple[str, str]] = (),
    ) -> None:
        super().__init__(release_root, assets_path, access)
        self.made = AssetStore(made_root, made_assets_path)
        self.refused = frozenset(refused)

    def __reduce__(self) -> tuple[type[AssetStore], tuple[Any, ...]]:
        made = self.made.release_root, self.made.assets_path
        return UnitedAssetStore, (self.release_root, self.assets_path, *made, self.access, self.refused)

    def shared(self, processes: int) -> AssetStore:
        """As of the release's own store."""
        made = self.made.release_root, self.made.assets_path
        access = self.access.shared(processes)
        return UnitedAssetStore(self.release_root, self.assets_path, *made, access, self.refused)

    def ahead(
        self, jobs: Sequence[JobT], wanted: Callable[[JobT], Iterable[Wanted]]
    ) -> Iterator[tuple[JobT, AssetStore]]:
        """Each job with this store: what is wanted may lie here or there, so nothing is fetched ahead."""
        yield from ((job, self) for job in jobs)

    def has(self, sample_id: str, kind: str) -> bool:
        """Whether the asset was made or released."""
        return self._is_made(sample_id, kind) or super().has(sample_id, kind)

    def find(self, sample_id: str, kind: str) -> Asset:
        """Where the asset is: the made one if there is one; raises as ``AssetStore``."""
        if self._is_made(sample_id, kind):
            return _MadeAsset(*self.made.find(sample_id, kind))
        return super().find(sample_id, kind)

    def _is_made(self, sample_id: str, kind: str) -> bool:
        if (sample_id, kind) in self.refused:
            return False
        # Other kinds may have been made since, or none at all.
        return bool(parquet_files(Path(self.made.assets_path))) and self.made.has(sample_id, kind)

    @contextmanager
    def _checked(self, asset: Asset, ahead: int) -> Iterator[ByteReader]:
        opened = self.made._checked if isinstance(asset, _MadeAsset) else super()._checked
        with opened(asset, ahead) as reader:
            yield reader


def released_store(store: AssetStore) -> AssetStore:
    """The release's own assets of a store."""
    return AssetStore(store.release_root, store.assets_path, store.access)
