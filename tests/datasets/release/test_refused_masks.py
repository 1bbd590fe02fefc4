"""A tracked mask that a person refuses is not opened: the released one stands for it, or there is none, and that is told."""

from __future__ import annotations

import logging
import pickle
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.made.assets import ingested, write_files
from tests.made.media import file, media

from sparkle_curation.datasets import AssetStoreDataset
from sparkle_curation.errors import AssetError
from sparkle_curation.hub.publication.media import list_pairs
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.united_store import UnitedAssetStore
from sparkle_curation.media.made_media import unite_media
from sparkle_curation.media.tracking.jobs import Clip
from sparkle_curation.media.tracking.mask_folder import MaskFolder, made_assets
from sparkle_curation.spec.layout import KIND, asset_path
from sparkle_curation.spec.licences import PAIR_KINDS

BOTH, MADE, STALE, TYPED, ACCEPTED = IDS = [f"Sparkle_time_{number:06d}" for number in range(5)]
RELEASED = (BOTH, STALE)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five tracked masks, two of which are released too, and decisions about all."""
    folder = tmp_path_factory.mktemp("refused")
    files = {asset_path("time", KIND.mask, name): b"released" for name in RELEASED}
    files |= {
        asset_path("time", kind, name): b"video" for kind in PAIR_KINDS for name in (BOTH, ACCEPTED, TYPED)
    }
    write_files(folder / "release", files)
    ingested(folder / "release", folder)
    masks = MaskFolder(folder / "made")
    shape = (2, 4, 8)
    rows = [
        {"id": name, "theme": "time", "error": None}
        | masks.write(Clip(name, "time", "", shape, (), None), np.full(shape, place % 2 == 0))._asdict()
        for place, name in enumerate(IDS)
    ]
    tracks = pl.DataFrame(rows)
    tracks.write_parquet(folder / "tracks.parquet")
    made_assets(tracks.cast({"error": pl.String})).write_parquet(folder / "made_assets.parquet")
    hashed = dict(tracks.select("id", "index_hash").iter_rows())
    decided = [
        (BOTH, "refuse", "ann", hashed[BOTH]),
        (BOTH, "accept", "bob", hashed[BOTH]),
        (MADE, "refuse", "ann", hashed[MADE]),
        (STALE, "refuse", "ann", "another"),
        (TYPED, "refuse", "", ""),
        (ACCEPTED, "accept", "ann", hashed[ACCEPTED]),
    ]
    lines = [f"{name},{word},,{who},{bound}" for name, word, who, bound in decided]
    text = "\n".join(["id,decision,reason,annotator,bound_to", *lines, ""])
    (folder / "mask_decisions.csv").write_text(text, encoding="utf-8")
    return folder


def store_of(place: Path, source: str) -> AssetStore:
    """As the catalog has it."""
    made = {"root": "made", "assets": "made_assets.parquet", "tracks": "tracks.parquet"}
    return AssetStoreDataset(
        path=str(place / "release"),
        assets=str(next(place.glob("assets*"))),
        asset_source=source,
        made={name: str(place / each) for name, each in made.items()},
        mask_decisions=str(place / "mask_decisions.csv"),
    ).load()


def test_a_publication_holds_what_the_store_opens(place: Path) -> None:
    """The released mask where the made one is refused, the made one where it is not, none where there is no other."""
    store = store_of(place, "rerun")
    pairs = list_pairs(pl.DataFrame({"id": IDS}), store, [KIND.mask])
    begun = {pair.sample["id"]: [store.read(asset)[:8] for asset in pair.others.values()] for pair in pairs}
    assert begun == {
        BOTH: [b"released"],
        TYPED: [],
        ACCEPTED: [store.read(store.find(ACCEPTED, KIND.mask))[:8]],
    }
    assert begun[ACCEPTED] != [b"released"]


def test_refused_masks_fall_to_the_released_ones(place: Path) -> None:
    """One who refuses prevails; a decision about another mask does not count, one about any mask does; also elsewhere."""
    store = pickle.loads(pickle.dumps(store_of(place, "rerun")))  # noqa: S301 -- ours
    assert store.shared(2).refused == store.refused
    assert {name: store.has(name, KIND.mask) for name in IDS} == {
        **dict.fromkeys((BOTH, STALE, ACCEPTED), True),
        **dict.fromkeys((MADE, TYPED), False),
    }
    assert store.read(store.find(BOTH, KIND.mask)) == b"released"
    assert store.read(store.find(STALE, KIND.mask)).startswith(b"PK")
    with pytest.raises(AssetError):
        store.find(MADE, KIND.mask)
    assert not isinstance(store_of(place, "released"), UnitedAssetStore)


def test_media_go_with_the_store_and_the_log_says_what_stands(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of three refused ones, one is released."""
    released = media(*(file(name, KIND.mask, index_hash="released") for name in RELEASED))
    own = media(*(file(name, KIND.mask, index_hash="made") for name in IDS))
    with caplog.at_level(logging.WARNING):
        united = unite_media(store_of(place, "rerun"), released.lazy(), own.lazy()).collect()
    assert dict(united.select("id", "index_hash").iter_rows()) == {
        BOTH: "released",
        STALE: "made",
        ACCEPTED: "made",
    }
    assert (
        "3 made here are refused by hand: the released one stands for 1, and 2 samples have none"
        in caplog.text
    )
