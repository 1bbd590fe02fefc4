"""The files that a row of a training CSV names, and what the table of the media says of them."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.id_lookup import join_by_id
from sparkle_curation.loader.kiwi_edit import FileType, file_type
from sparkle_curation.spec.layout import KIND, asset_path, parse_asset_path


class Side(NamedTuple):
    """One video of a pair: the word that its columns begin with, its column in the CSV and its asset kind."""

    name: str
    column: str
    kind: str

    def col(self, name: str) -> pl.Expr:
        """A column of this side, ``source_width_px`` say."""
        return pl.col(f"{self.name}_{name}")


SIDES: tuple[Side, Side] = (
    Side("source", "src_video", KIND.source_video),
    Side("edited", "tgt_video", KIND.edited_video),
)

_FACTS = (
    "width_px",
    "height_px",
    "frame_count",
    "fps",
    "lost_frame_count",
    "repeated_frame_count",
    "sampling_hash",
    "index_hash",
    "content_hash",
    "frames_hash",
    "error",
    "error_detail",
)

_RESOLVED = {
    "_cell": pl.String,
    "path": pl.String,
    "named_theme": pl.String,
    "named_kind": pl.String,
    "named_id": pl.String,
}


def find_files(candidates: AnyFrame, media: AnyFrame, shards: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row per candidate in their order, with both files that its row of the CSV names.

    Args:
        candidates: ``id``, ``theme``, ``prompt``, ``src_video``, ``tgt_video``.
        media: columns of ``media``. Of several files of one path a loose one counts, else that of the first tar
            by name.
        shards: those that are there, with ``theme`` and ``kind``, readable or not: no file of theirs is merely not here.

    Returns:
        The candidates, and for each side (``source_`` and ``edited_``): ``path`` without ``.`` and ``..``, ``type``
        (how the loader opens it), ``named_theme``, ``named_kind`` and ``named_id`` (what the path says; null
        where the layout has no such path), ``is_found``, ``is_inspected`` (whether the media have any file of
        that kind and theme, or there are shards of it of which none can be read), and the facts of the media.
    """
    rows = candidates.lazy().select("id", "theme", "prompt", "src_video", "tgt_video").collect()
    for side in SIDES:
        rows = _with_names(rows, side)
    parts = media.lazy().select("theme", "kind").unique().collect()
    files = _list_files(rows, media) if parts.height else _no_files(media)
    if shards is not None:
        # A shard of which files were read, but not inspected, says nothing of them.
        unread = (
            shards.group_by("theme", "kind").agg(pl.col("is_readable").any()).filter(~pl.col("is_readable"))
        )
        parts = pl.concat([parts, unread.select("theme", "kind")]).unique()
    for side in SIDES:
        rows = _with_facts(rows, files, parts, side)
    return rows


def may_share_sources(rows: pl.DataFrame, media: AnyFrame) -> pl.Series | None:
    """Whether each row may have the source of another one: all that do, and few others. None: not told by these means.

    Args:
        rows: ``id``, ``theme``, ``src_video``.
        media: columns of ``media``.
    """
    side = SIDES[0]
    usual = pl.format(asset_path("{}", side.kind, "{}"), "theme", "id")
    if not rows.select((pl.col(side.column) == usual).fill_null(value=False).all()).item():
        return None
    content = pl.coalesce("content_hash", "index_hash")
    copies = (
        media.lazy()
        .filter(pl.col("kind") == side.kind, content.is_not_null())
        .select("path", content.hash().alias("content"))
        .collect(engine="streaming")
        .filter(pl.col("content").is_duplicated())
    )
    path = pl.col(side.column)
    return rows.select(path.hash().is_duplicated() | path.is_in(copies["path"].implode())).to_series()


def _with_names(rows: pl.DataFrame, side: Side) -> pl.DataFrame:
    """The rows with what the path of a side says; the layout's own paths, nearly all, are not looked at one by one."""
    cell = pl.col(side.column)
    usual = pl.format(asset_path("{}", side.kind, "{}"), "theme", "id")
    usual_facts = {
        "path": cell,
        "named_theme": pl.col("theme"),
        "named_kind": pl.lit(side.kind),
        "named_id": pl.col("id"),
        "type": pl.lit(FileType.VIDEO.value),
    }
    is_usual = rows.select((cell == usual).fill_null(value=False)).to_series()
    if is_usual.all():  # then nothing is copied
        return rows.with_columns(fact.alias(f"{side.name}_{name}") for name, fact in usual_facts.items())
    odd = rows.filter(~is_usual)[side.column].drop_nulls().unique()
    paths = {text: posixpath.normpath(text) for text in odd}
    named = [(text, path, *(parse_asset_path(path) or (None, None, None))) for text, path in paths.items()]
    resolved = pl.DataFrame(named, schema=_RESOLVED, orient="row")
    resolved = resolved.with_columns(file_type(pl.col("_cell")).alias("type"))
    return (
        rows.join(resolved, left_on=side.column, right_on="_cell", how="left", maintain_order="left")
        .with_columns(
            pl.when(is_usual).then(fact).otherwise(name).alias(f"{side.name}_{name}")
            for name, fact in usual_facts.items()
        )
        .drop(usual_facts)
    )


def _list_files(rows: pl.DataFrame, media: AnyFrame) -> pl.DataFrame:
    """What the media say of each path of the kinds that the rows name, once each."""
    # A file of the media has a path of the layout, so its kind and theme are those that its path names.
    kinds, themes = (
        sorted({word for side in SIDES for word in rows[f"{side.name}_named_{name}"].unique().drop_nulls()})
        for name in ("kind", "theme")
    )
    # By hashes, which costs a third: a path that happens to share one is a row more, which no path of a row is equal to.
    named = pl.concat(rows.select(side.col("path").drop_nulls().hash().alias("_hash")) for side in SIDES)
    files = (
        media.lazy()
        .filter(pl.col("kind").is_in(kinds), pl.col("theme").is_in(themes))
        .select("path", "container", *_FACTS, pl.lit(value=True).alias("is_found"))
        .with_columns(pl.col("path").hash().alias("_hash"))
        .join(named.lazy(), on="_hash", how="semi", maintain_order="left")
        .drop("_hash")
        .collect(engine="streaming")
    )
    if files["path"].is_duplicated().any():  # else sorting a million rows changes nothing
        files = files.sort("container", maintain_order=True).unique("path", keep="first", maintain_order=True)
    return files.drop("container")


def _no_files(media: AnyFrame) -> pl.DataFrame:
    """The same before anything was inspected."""
    return media.lazy().select("path", *_FACTS, pl.lit(value=True).alias("is_found")).limit(0).collect()


def _with_facts(rows: pl.DataFrame, files: pl.DataFrame, parts: pl.DataFrame, side: Side) -> pl.DataFrame:
    facts = files.rename(lambda name: f"{side.name}_{name}")
    theme, kind = (
        side.col("named_theme").fill_null(pl.col("theme")),
        side.col("named_kind").fill_null(side.kind),
    )
    themes_by_kind = parts.group_by("kind").agg("theme").rows()
    is_inspected = pl.any_horizontal(
        pl.lit(value=False), *((kind == name) & theme.is_in(themes) for name, themes in themes_by_kind)
    )
    return join_by_id(rows, facts, on=f"{side.name}_path").with_columns(
        side.col("is_found").fill_null(value=False),
        is_inspected.fill_null(value=False).alias(f"{side.name}_is_inspected"),
    )
