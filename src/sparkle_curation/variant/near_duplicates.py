"""What the groups come to: samples that teach the same twice, and counts by theme."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.spec.themes import THEMES

TOTAL = "total"


def prompt_words(prompt: pl.Expr) -> pl.Expr:
    """A prompt by which two are the same that differ in case and blanks alone.

    >>> pl.select(prompt_words(pl.lit(" Make it   Snow"))).item()
    'make it snow'
    """
    return prompt.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()


def find_duplicates(annotations: AnyFrame, sample_groups: AnyFrame) -> pl.DataFrame:
    """Samples with the same prompt and the same source clip as another one: one row each.

    Prompts are the same where they differ in case and blanks alone. Columns: ``id``, ``theme``, ``first_id`` (the
    smallest id with that prompt and clip), ``sample_count`` (of them), ``group``, ``prompt``. By ``first_id``, then ``id``.

    Args:
        annotations: with ``id``, ``prompt``.
        sample_groups: with ``id``, ``theme``, ``group``.
    """
    same = ["group", "words"]
    return (
        sample_groups.lazy()
        .select("id", "theme", "group")
        .join(annotations.lazy().select("id", "prompt"), on="id", how="inner")
        .with_columns(prompt_words(pl.col("prompt")).alias("words"))
        .with_columns(
            pl.col("id").min().over(same).alias("first_id"),
            pl.len().over(same).cast(pl.Int64).alias("sample_count"),
        )
        .filter(pl.col("sample_count") > 1)
        .sort("first_id", "id")
        .select("id", "theme", "first_id", "sample_count", "group", "prompt")
        .collect()
    )


def count_near_duplicates(
    sample_groups: AnyFrame, frame_hashes: AnyFrame, duplicates: AnyFrame, min_detail: float
) -> pl.DataFrame:
    """One row per theme that has a sample, in the order of the card, then the total.

    Columns: ``theme``, ``sample_count``; ``group_count``: groups with a sample of the theme;
        ``near_duplicate_count``: samples
    that share their clip; ``cross_theme_count``: those that share it with a sample of another theme;
    ``largest_group_size``; ``duplicate_count``: samples that share clip and prompt; ``flat_count``: samples whose
    first frame has too little detail to be compared; ``unread_count``: samples of which nothing could be read.
    """
    samples = (
        sample_groups.lazy()
        .join(frame_hashes.lazy().select("id", "frame_hash", "detail"), on="id", how="left")
        .join(duplicates.lazy().select("id", is_duplicate=True), on="id", how="left")
        .with_columns((pl.col("theme").n_unique().over("group") > 1).alias("is_cross_theme"))
        .collect()
    )
    by_theme = samples.group_by("theme").agg(_counts(min_detail))
    ordered = by_theme.sort(pl.col("theme").cast(pl.Enum(THEMES)))
    total = samples.select(pl.lit(TOTAL).alias("theme"), *_counts(min_detail))
    return pl.concat([ordered, total])


def _counts(min_detail: float) -> list[pl.Expr]:
    counts = {
        "sample_count": pl.len(),
        "group_count": pl.col("group").n_unique(),
        "near_duplicate_count": (pl.col("group_size") > 1).sum(),
        "cross_theme_count": pl.col("is_cross_theme").sum(),
        "largest_group_size": pl.col("group_size").max().fill_null(0),
        "duplicate_count": pl.col("is_duplicate").count(),
        "flat_count": (pl.col("detail") < min_detail).sum(),
        "unread_count": pl.col("frame_hash").is_null().sum(),
    }
    return [count.cast(pl.Int64).alias(name) for name, count in counts.items()]
