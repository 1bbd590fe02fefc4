"""Where each asset is, by sample and kind, in 24 bytes an asset: a million of them take 26 MB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sparkle_curation.engine.io.parquet import open_table, whole_table
from sparkle_curation.errors import UndescribedError
from sparkle_curation.spec.layout import ASSET_KINDS, asset_path
from sparkle_curation.spec.sample_ids import ID_DIGITS, parse_sample_id
from sparkle_curation.spec.themes import THEMES

_KINDS = {kind: place for place, kind in enumerate(ASSET_KINDS)}
_THEMES = {theme: place for place, theme in enumerate(THEMES)}
_NUMBERS: int = 10**ID_DIGITS
_LOOSE = -1  # also the place of the last number of an array
_KEY = np.uint32 if len(_THEMES) * _NUMBERS * len(_KINDS) < np.iinfo(np.uint32).max else np.uint64
"""Of a key; ids of 15 digits, as of a dataset with a shape, take twice the room."""
_NO_KEY = _KEY(np.iinfo(_KEY).max)
_REPEATED = ("theme", "kind", "container")
_BATCH_ROWS = 1 << 14


class Asset(NamedTuple):
    """Where an asset is.

    Attributes:
        id: sample id.
        kind: asset kind.
        container: path of the tar that holds it, from the release root; None when loose.
        path: path from the release root when loose, or after extracting its tar in place.
        offset: first byte of its content in the tar, or 0.
        size: length in bytes.
    """

    id: str
    kind: str
    container: str | None
    path: str
    offset: int
    size: int


@dataclass(frozen=True, eq=False)
class AssetIndex:
    """The chosen copy of each asset, sorted by its key.

    A path is not stored: the layout gives it (ingest takes no other for an asset).

    Attributes:
        keys: theme, number and kind as one number.
        containers: place in ``container_names``, -1 when loose.
        offsets: first byte in the container.
        sizes: length in bytes.
        container_names: the shards.
    """

    keys: NDArray[np.unsignedinteger[Any]]
    containers: NDArray[np.int32]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    container_names: tuple[str, ...]

    def find(self, sample_id: str, kind: str) -> Asset | None:
        """The asset; None where there is none, or no such sample id or kind can be."""
        parsed = parse_sample_id(sample_id)
        if parsed is None or kind not in _KINDS:
            return None
        sample = _THEMES[parsed.theme] * _NUMBERS + parsed.number
        # A plain int would have the whole array converted.
        key = _KEY(sample * len(_KINDS) + _KINDS[kind])
        place = int(self.keys.searchsorted(key))
        if place == len(self.keys) or self.keys[place] != key:
            return None
        container = int(self.containers[place])
        return Asset(
            sample_id,
            kind,
            None if container == _LOOSE else self.container_names[container],
            asset_path(parsed.theme, kind, sample_id),
            int(self.offsets[place]),
            int(self.sizes[place]),
        )


def stored_index(path: Path) -> AssetIndex:
    """The index of the table of assets at ``path``; read once in a process, and again when one of its files changes.

    Raises:
        MissingTableError: it was never written, or one of its files is gone or torn.
    """
    facts = ((file, file.stat()) for file in whole_table(path, made_by="ingest"))
    return _read_once(path, *((file, fact.st_mtime_ns, fact.st_size, fact.st_ino) for file, fact in facts))


@lru_cache(maxsize=2)
def _read_once(path: Path, *_: tuple[Path, int, int, int]) -> AssetIndex:
    # In small pieces on one thread, with each repeated text once: half the time, a fifth of the memory.
    columns = [*_REPEATED, "id", "offset", "size"]
    index = index_assets(
        batch
        for file in open_table(path, made_by="ingest", read_dictionary=list(_REPEATED))
        for batch in file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False)
    )
    pa.default_memory_pool().release_unused()
    return index


def index_assets(batches: Iterable[pa.RecordBatch]) -> AssetIndex:
    """The index of a table of assets, with one copy of each, as ``asset_store.prefer_loose`` chooses.

    Args:
        batches: pieces of the table, with ``id``, ``theme``, ``kind``, ``container``, ``offset`` and ``size``;
            the texts that repeat, ``_REPEATED``, as dictionaries.
    """
    names: dict[str, int] = {}
    pieces = [_NOTHING, *(_Columns.of(batch, names) for batch in batches)]
    keys, containers, offsets, sizes = map(np.concatenate, zip(*pieces, strict=True))
    # Numbered in the order of their names, so that the least is the copy that is chosen.
    ranks = {name: rank for rank, name in enumerate(sorted(names))}
    containers = np.array([*(ranks[name] for name in names), _LOOSE], np.int32)[containers]
    order = np.lexsort((containers, keys))
    order = order[np.diff(keys[order], prepend=_NO_KEY) != 0]
    return AssetIndex(keys[order], containers[order], offsets[order], sizes[order], tuple(ranks))


class _Columns(NamedTuple):
    """A piece of the table as numbers."""

    keys: NDArray[np.unsignedinteger[Any]]
    containers: NDArray[np.int32]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, batch: pa.RecordBatch, names: dict[str, int]) -> _Columns:
        """The numbers of a piece; containers that are new are added to ``names``, numbered as they come."""
        theme, kind, container = (batch[name] for name in _REPEATED)
        for name in container.dictionary.to_pylist():
            names.setdefault(name, len(names))
        number = _array(pc.utf8_slice_codeunits(batch["id"], -ID_DIGITS).cast(pa.int64()))
        samples = _numbered(theme, _THEMES).astype(np.int64) * _NUMBERS + number
        keys = (samples * len(_KINDS) + _numbered(kind, _KINDS)).astype(_KEY)
        return cls(keys, _numbered(container, names), _array(batch["offset"]), _array(batch["size"]))


def _numbered(texts: pa.DictionaryArray, numbers: Mapping[str, int]) -> NDArray[np.int32]:
    """The number of each text; ``_LOOSE`` for null.

    Raises:
        UndescribedError: a text has none.
    """
    texts_used = texts.dictionary.to_pylist()
    if not set(texts_used) <= numbers.keys():
        raise UndescribedError(texts_used, numbers, where="themes and kinds of the table assets")
    known = np.array([*(numbers[text] for text in texts_used), _LOOSE], np.int32)
    places = np.full(len(texts), _LOOSE, np.int32)
    is_there = _array(texts.indices.is_valid().cast(pa.uint8())).view(np.bool_)
    places[is_there] = _array(texts.indices.drop_null())
    return np.asarray(known[places], np.int32)


def _array(numbers: pa.Array) -> NDArray[Any]:
    # `to_numpy` imports pandas, as `pa.array` and `pa.scalar` do: that takes longer than all the rest.
    return np.from_dlpack(numbers)


_NOTHING = _Columns(np.empty(0, _KEY), np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64))
