"""The two files that a job shows, side by side."""

from __future__ import annotations

import polars as pl

from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.media.assets import with_identity
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.tables.reruns.rescores import NO_PROMPT


def choose_files(media: pl.DataFrame) -> pl.DataFrame:
    """The inspected media, one row per sample and kind, with ``identity``: equal for equal contents."""
    return with_identity(prefer_loose(media))


def pair_files(
    files: pl.DataFrame, source_kind: str, edited_kind: str, prompts: pl.DataFrame
) -> pl.DataFrame:
    """One row per sample that has the edited asset, in the order of ``files``.

    Columns: ``id``, ``theme``, ``prompt``; of both sides, as ``source_...`` and ``edited_...``: ``digest``,
    ``frame_count``, ``error``, ``error_detail``; and ``error``, why the pair cannot be judged: what either file has,
    ``missing`` or ``no_prompt``.

    Args:
        files: from ``choose_files``.
        source_kind: asset kind before the edit.
        edited_kind: asset kind after it.
        prompts: ``id``, ``prompt``.
    """
    source, edited = _files_of(files, source_kind, "source"), _files_of(files, edited_kind, "edited")
    pairs = edited.join(source.drop("theme"), on="id", how="left", maintain_order="left")
    return pairs.join(prompts, on="id", how="left", maintain_order="left").with_columns(
        pl.coalesce(
            "edited_error",
            "source_error",
            pl.when(pl.col("source_digest").is_null()).then(pl.lit(MediaFault.MISSING.value)),
            pl.when(pl.col("prompt").is_null()).then(pl.lit(NO_PROMPT)),
        ).alias("error")
    )


def tell_error(source_kind: str, **texts: str) -> pl.Expr:
    """What is known of the ``error`` of a pair: what was seen of its files, or what its code means.

    Args:
        source_kind: asset kind before the edit.
        texts: by further codes.
    """
    known = {
        MediaFault.MISSING.value: f"{source_kind}: the available release has none of this sample",
        NO_PROMPT: "neither the annotations nor the release's own record have a prompt of this sample",
        **texts,
    }
    meaning = pl.col("error").replace_strict(known, default=None, return_dtype=pl.String)
    return pl.when(pl.col("error").is_not_null()).then(
        pl.coalesce("edited_error_detail", "source_error_detail", meaning)
    )


def _files_of(files: pl.DataFrame, kind: str, side: str) -> pl.DataFrame:
    return files.filter(pl.col("kind") == kind).select(
        "id",
        "theme",
        pl.col("identity").alias(f"{side}_digest"),
        *(pl.col(name).alias(f"{side}_{name}") for name in ("frame_count", "error", "error_detail")),
    )
