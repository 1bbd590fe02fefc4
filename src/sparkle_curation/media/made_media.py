"""Media that this project made: their facts, and the table in which they stand in for released ones."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame, frame_schema
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.united_store import UnitedAssetStore
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.probe.batch_probe import BatchProbe, ProbeJob
from sparkle_curation.media.probe.probes import Depth
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS

logger = logging.getLogger(__name__)


def probe_made(assets: pl.DataFrame, root: str) -> pl.DataFrame:
    """The facts of made assets by their headers, as rows of ``media``: one row per asset, in their order.

    Args:
        assets: columns of ``made_assets``.
        root: folder that their paths begin in.
    """
    schema = frame_schema(MEDIA_COLUMNS)
    if assets.is_empty():  # nothing was made, and there may be no folder
        return schema.to_frame()
    rows = assets.with_row_index("key").with_columns(pl.col("key").cast(pl.String))
    jobs = [ProbeJob(*row) for row in rows.select("key", "kind", "path", "offset", "size").iter_rows()]
    facts = pl.DataFrame(pl.from_arrow(BatchProbe(ReleaseFiles(root), Depth.INDEX)(jobs)))
    media = rows.join(facts, on="key", how="left", maintain_order="left").rename({"size": "size_bytes"})
    return media.select(pl.col(name).cast(kind) for name, kind in schema.items())


def unite_media(asset_store: AssetStore, media: pl.LazyFrame, *made: pl.LazyFrame) -> pl.LazyFrame:
    """The media as the store opens them: where it has made assets, these in the place of released ones.

    What a person refused of them is no medium; it is logged what stands in its place.

    Args:
        asset_store: the assets; a ``UnitedAssetStore`` where made ones are asked for (``asset_source=rerun``).
        media: columns of ``media``, of the release.
        *made: the same of what each pipeline made; without columns where it made nothing.
    """
    there = [table for table in made if "id" in table.collect_schema().names()]
    if not isinstance(asset_store, UnitedAssetStore) or not there:
        return media
    own = _without_refused(pl.concat(there), media, asset_store.refused)
    kept = media.join(own.select("id", "kind"), on=["id", "kind"], how="anti", maintain_order="left")
    return pl.concat([kept, own], how="vertical_relaxed")


def in_place_of(media: AnyFrame, made: AnyFrame) -> pl.LazyFrame:
    """The media with what was made in the place of what was released, for who looks at samples as a whole.

    Args:
        media: columns of ``media``, of the release.
        made: the same of all that was made and asked for; without columns where nothing was.
    """
    own, keys = made.lazy(), ["id", "kind"]
    if not all("id" in table.lazy().collect_schema().names() for table in (own, media)):
        return media.lazy()
    kept = media.lazy().join(own.select(keys), on=keys, how="anti", maintain_order="left")
    return pl.concat([kept, own], how="vertical_relaxed")


def _without_refused(
    own: pl.LazyFrame, media: pl.LazyFrame, refused: frozenset[tuple[str, str]]
) -> pl.LazyFrame:
    """The made media but those that were refused."""
    if not refused:
        return own
    keys = ["id", "kind"]
    gone = pl.LazyFrame(sorted(refused), schema=dict.fromkeys(keys, pl.String), orient="row")
    counts = (
        own.select(keys)
        .join(gone, on=keys, how="semi")
        .join(media.select(keys).unique().with_columns(is_released=True), on=keys, how="left")
        .group_by("kind")
        .agg(pl.len().alias("refused"), pl.col("is_released").count().alias("released"))
    )
    for kind, count, released in counts.sort("kind").collect().iter_rows():
        logger.warning(
            "%s: %s made here are refused by hand: the released one stands for %s, and %s samples have none",
            *(kind, f"{count:,}", f"{released:,}", f"{count - released:,}"),
        )
    return own.join(gone, on=keys, how="anti", maintain_order="left")
