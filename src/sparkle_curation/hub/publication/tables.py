"""The tables of a published variant: its samples, and where on the hub each of their media lies."""

from __future__ import annotations

import io
from collections.abc import Collection

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.hub.origin import Origin
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.ingested import ANNOTATION_COLUMNS, ASSET_COLUMNS, ID
from sparkle_curation.spec.tables.verdicts import score_column
from sparkle_curation.variant.facts import Split

_OF_ANNOTATIONS = {field.name: field for field in ANNOTATION_COLUMNS}
_OF_ASSETS = {field.name: field for field in ASSET_COLUMNS}
_ROW_GROUP_ROWS = 16_384
_DESCRIBING = (
    *("prompt", "src_video", "tgt_video", "edit_type", "chosen_keyword"),
    *("subtheme", "scene", "original_scene"),
)
_THEME = Field("theme", "string", "Theme of the sample.")
_SPLIT = Field("split", "string", "`train`, or `val` where it is held out for validation.")

SAMPLE_COLUMNS: tuple[Field, ...] = (
    ID,
    _THEME,
    _SPLIT,
    *(_OF_ANNOTATIONS[name] for name in _DESCRIBING),
    *(
        Field(score_column(each), "float64", f"Score of `{each.name}`; null where it was not scored.", True)
        for each in CRITERIA
    ),
)
"""Columns of the samples, one row each."""

REFERENCE_COLUMNS: tuple[Field, ...] = (
    ID,
    _THEME,
    _SPLIT,
    _OF_ASSETS["kind"],
    Field("repository", "string", "Dataset repository on the hub that holds it."),
    Field("commit", "string", "Commit of that repository."),
    Field("file", "string", "File there: a tar, or the asset itself."),
    Field("path", "string", "Path of the asset once its tar is extracted in place."),
    Field("offset", "int64", "First byte of the asset in the file."),
    Field("size", "int64", "Length of the asset in bytes."),
)
"""Columns of the references, one row per sample and kind of asset."""


def list_samples(variant: pl.DataFrame, annotations: AnyFrame, verdicts: AnyFrame) -> pl.DataFrame:
    """The samples of a variant with ``SAMPLE_COLUMNS``, in the variant's order.

    Args:
        variant: with ``VARIANT_COLUMNS`` and ``split``.
        annotations: as ingested: subtheme and scene.
        verdicts: scores.
    """
    keyword = annotations.lazy().select("id", "subtheme", "scene").unique("id", keep="first")
    scores = verdicts.lazy().select("id", *(score_column(each) for each in CRITERIA))
    joined = (
        variant.lazy()
        .join(keyword, on="id", how="left", maintain_order="left")
        .join(scores, on="id", how="left", maintain_order="left")
    )
    return joined.select(field.name for field in SAMPLE_COLUMNS).collect()


def list_references(
    samples: pl.DataFrame, assets: AnyFrame, kinds: Collection[str], origin: Origin
) -> pl.DataFrame:
    """Where the media of samples lie, with ``REFERENCE_COLUMNS``: samples in their order, kinds in that of ``kinds``.

    Args:
        samples: with ``id``, ``theme``, ``split``.
        assets: as ingested; of a loose asset and its copies in tars the loose one is taken.
        kinds: of assets.
        origin: the release on the hub.
    """
    order = pl.DataFrame(
        {"kind": list(kinds), "_kind": range(len(kinds))}, {"kind": pl.String, "_kind": pl.Int64}
    )
    of_samples = samples.select("id", "theme", "split").with_row_index("_sample")
    found = (
        assets.lazy()
        .filter(pl.col("kind").is_in(list(kinds)))
        .join(of_samples.lazy().select("id"), on="id", how="semi")
    )
    return (
        of_samples.join(prefer_loose(found.collect()).drop("theme"), on="id")
        .join(order, on="kind")
        .sort("_sample", "_kind")
        .select(
            "id",
            "theme",
            "split",
            "kind",
            pl.lit(origin.repository).alias("repository"),
            pl.lit(origin.commit).alias("commit"),
            pl.coalesce("container", "path").alias("file"),
            "path",
            pl.col("offset").cast(pl.Int64),
            pl.col("size").cast(pl.Int64),
        )
    )


def of_split(table: pl.DataFrame, split: Split) -> pl.DataFrame:
    """The rows of a split of the card: of one theme, for training or validation."""
    is_train = split.name == split.theme
    return table.filter(pl.col("theme") == split.theme, (pl.col("split") == "train") == is_train)


def as_parquet(table: pl.DataFrame) -> bytes:
    """A table as the bytes of a Parquet file: the same for the same rows and versions of libraries."""
    target = io.BytesIO()
    table.write_parquet(target, row_group_size=_ROW_GROUP_ROWS)
    return target.getvalue()
