"""Media in a published variant: WebDataset shards, and a preview whose videos play; only by consent."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from sparkle_curation.errors import EmptyOutputError, ParameterError
from sparkle_curation.hub.publication.contents import PREVIEW, WEBDATASET
from sparkle_curation.ingest.assets.store import Asset, AssetStore
from sparkle_curation.spec.layout import ASSET_KINDS, KIND
from sparkle_curation.variant.facts import Split

_WORDS = {"source": KIND.source_video, "edited": KIND.edited_video}
"""How the videos of a pair are called in a shard."""


class Pair(NamedTuple):
    """A sample with both its videos where they are there, and what else of it is published.

    Attributes:
        sample: with the columns of a published sample.
        videos: source and edited, by how they are called in a shard.
        others: assets of other kinds, by kind.
    """

    sample: Mapping[str, Any]
    videos: Mapping[str, Asset]
    others: Mapping[str, Asset]

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(asset.size for asset in (*self.videos.values(), *self.others.values()))


def consent(held: Mapping[str, Sequence[str]], licences: Sequence[str] | None) -> list[str]:
    """The themes whose videos may be passed on by what was consented to.

    Args:
        held: theme of the variant -> all licences that its pairs have.
        licences: ids that were consented to, ``unknown`` among them where that is meant; None for no consent.

    Raises:
        ParameterError: nobody has consented.
        EmptyOutputError: no theme has such licences alone.
    """
    every = ", ".join(sorted({licence for each in held.values() for licence in each}))
    if licences is None:
        raise ParameterError(
            "Videos are published only by consent to their licences",
            where="publish.media_licences",
            got="null",
            allowed=f"those that you may and will pass on; the pairs of this variant have {every}",
            todo="read the card's section on licences, then: --params publish.media_licences=cc-by-4.0; or publish "
            "references alone: --params publish.webdataset=false,publish.preview_pairs=0",
        )
    allowed = [theme for theme, each in held.items() if set(each) <= set(licences)]
    if not allowed:
        raise EmptyOutputError(
            "No pair of the variant has the licences that were consented to",
            where="publish.media_licences",
            got=", ".join(licences),
            allowed=f"some of {every}",
            todo="publish references alone: --params publish.webdataset=false,publish.preview_pairs=0",
        )
    return allowed


def list_pairs(samples: pl.DataFrame, store: AssetStore, others: Collection[str] = ()) -> list[Pair]:
    """The samples that have both videos, in their order.

    Args:
        samples: with the columns of a published sample.
        store: of the assets; those that were made here in the place of released ones where it has them.
        others: asset kinds that are published beside the videos where a sample has them.
    """

    def found(sample_id: str, kinds: Mapping[str, str]) -> dict[str, Asset]:
        return {
            word: store.find(sample_id, kind) for word, kind in kinds.items() if store.has(sample_id, kind)
        }

    more = {kind: kind for kind in others if kind not in _WORDS.values()}
    pairs = []
    for sample in samples.iter_rows(named=True):
        videos = found(sample["id"], _WORDS)
        if len(videos) == len(_WORDS):
            pairs.append(Pair(sample, videos, found(sample["id"], more)))
    return pairs


def webdataset_shards(
    pairs: Sequence[Pair], splits: Sequence[Split], store: AssetStore, shard_bytes: int
) -> Iterator[tuple[str, Callable[[BinaryIO], None]]]:
    """Path and writer of each shard: whole samples, as many as have ``shard_bytes`` of videos, one at least."""
    for split in splits:
        for number, part in enumerate(_parts([pair for pair in pairs if _is_of(pair, split)], shard_bytes)):
            yield f"{WEBDATASET}/{split.name}-{number:05d}.tar", partial(_write_shard, part, store)


def preview(
    pairs: Sequence[Pair], splits: Sequence[Split], store: AssetStore, count: int
) -> dict[str, bytes]:
    """A small Parquet for each split, by path: its first pairs with the bytes of their videos, as the hub plays them."""
    files = {}
    for split in splits:
        rows = [
            {
                "id": pair.sample["id"],
                "prompt": pair.sample["prompt"],
                **{
                    f"{word}_video": {
                        "bytes": store.read(asset),
                        "path": f"{asset.id}.{word}.{_suffix(asset)}",
                    }
                    for word, asset in pair.videos.items()
                },
            }
            for pair in [pair for pair in pairs if _is_of(pair, split)][:count]
        ]
        if rows:
            target = io.BytesIO()
            pq.write_table(pa.Table.from_pylist(rows, _PREVIEW), target)
            files[f"{PREVIEW}/{split.name}.parquet"] = target.getvalue()
    return files


_VIDEO = pa.struct({"bytes": pa.binary(), "path": pa.string()})
_COLUMNS = {"id": pa.string(), "prompt": pa.string(), **{f"{word}_video": _VIDEO for word in _WORDS}}
_FEATURES = {
    name: {"_type": "Video"} if type_ == _VIDEO else {"dtype": "string", "_type": "Value"}
    for name, type_ in _COLUMNS.items()
}
_PREVIEW = pa.schema(_COLUMNS, metadata={"huggingface": json.dumps({"info": {"features": _FEATURES}})})
"""What `datasets` and the hub's viewer read of a Parquet file to know that bytes are a video."""


def _is_of(pair: Pair, split: Split) -> bool:
    is_train = split.name == split.theme
    return bool(pair.sample["theme"] == split.theme and (pair.sample["split"] == "train") == is_train)


def _parts(pairs: Sequence[Pair], shard_bytes: int) -> Iterator[list[Pair]]:
    part: list[Pair] = []
    size = 0
    for pair in pairs:
        if part and size + pair.size > shard_bytes:
            yield part
            part, size = [], 0
        part.append(pair)
        size += pair.size
    if part:
        yield part


def _write_shard(pairs: Sequence[Pair], store: AssetStore, target: BinaryIO) -> None:
    """The same bytes for the same pairs: no time, no owner, members in their order."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for pair in pairs:
            for word, asset in {**pair.videos, **pair.others}.items():
                _add(tar, f"{asset.id}.{word}.{_suffix(asset)}", store.read(asset))
            text = json.dumps(dict(pair.sample), ensure_ascii=False, sort_keys=True)
            _add(tar, f"{pair.sample['id']}.json", text.encode())


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _suffix(asset: Asset) -> str:
    return ASSET_KINDS[asset.kind].suffix
