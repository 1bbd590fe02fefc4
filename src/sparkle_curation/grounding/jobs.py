"""What is to be grounded: one job per sample and round, known by everything that its boxes depend on."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.caching.costly_work import digests
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.media.bboxes.sampled_frames import choose_sampled_frames
from sparkle_curation.model_jobs.job_files import choose_files, pair_files, tell_error
from sparkle_curation.spec.layout import KIND

NO_ROUND1 = "no_round1"
"""Fault of a sample whose labels are not known."""

PICTURES = pl.col("frames").list.len().clip(1)
"""Of a job, how many pictures or pairs of them are grounded."""

_FRAMES = pl.List(pl.Int32)


def list_round1(
    media: pl.DataFrame,
    prompts: pl.DataFrame,
    grounder_digest: str,
    limit: int | None = None,
    standing: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The jobs of round 1, a row each: samples that have a first edited frame, in the order of ``media``.

    Columns: those of ``GroundJob``, and ``theme``, ``prompt``, ``source_digest``, ``edited_digest``, ``is_asked``,
    ``error``, ``error_detail``.

    Args:
        media: the inspected media.
        prompts: ``id``, ``prompt``.
        grounder_digest: of all else that an answer depends on.
        limit: most samples that are asked; None for all.
        standing: ``id``, ``standing``: why a sample of a draft waits; None where none does.
    """
    jobs = pair_files(
        choose_files(media), KIND.source_frame0, KIND.edited_frame0, prompts.select("id", "prompt")
    ).with_columns(
        tell_error(KIND.source_frame0).alias("error_detail"),
        pl.col("prompt").alias("edit_prompt"),
        pl.lit([], dtype=pl.List(pl.String)).alias("labels"),
        pl.lit([], dtype=_FRAMES).alias("frames"),
    )
    return _keyed(_held(jobs, standing), f"ground 1 {grounder_digest}", limit)


def list_round2(
    media: pl.DataFrame,
    round1: pl.DataFrame,
    grounder_digest: str,
    limit: int | None = None,
    standing: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The jobs of round 2, a row each: samples that have a source video, in the order of ``media``.

    Columns: as of round 1, and ``fps``; frames are those that are two a second of the video's own rate.

    Args:
        media: the inspected media.
        round1: ``id``, ``prompt``, ``round1_labels``; a sample that is not in it, or has no labels, cannot be asked for.
        grounder_digest: of all else that an answer depends on.
        limit: most samples that are asked; None for all.
        standing: ``id``, ``standing``: why a sample of a draft waits; None where none does.
    """
    files = choose_files(media).filter(pl.col("kind") == KIND.source_video)
    known = round1.select("id", "prompt", pl.col("round1_labels").alias("labels")).unique("id", keep="first")
    videos = files.select(
        *("id", "theme", "frame_count", "fps", "error", "error_detail"),
        pl.col("identity").alias("source_digest"),
    )
    jobs = videos.join(known, on="id", how="left", maintain_order="left").with_columns(
        pl.coalesce(
            "error", pl.when(pl.col("labels").list.len().fill_null(0) == 0).then(pl.lit(NO_ROUND1))
        ).alias("error"),
        pl.lit("").alias("edit_prompt"),
        pl.lit(None, pl.String).alias("edited_digest"),
        pl.struct("frame_count", "fps").map_elements(_sampled_frames, return_dtype=_FRAMES).alias("frames"),
    )
    return _keyed(_held(jobs, standing), f"ground 2 {grounder_digest}", limit)


def _held(jobs: pl.DataFrame, standing: pl.DataFrame | None) -> pl.DataFrame:
    """The jobs, with why their sample waits in the place of another error."""
    if standing is None:
        return jobs
    waits = standing.select("id", "standing").unique("id")
    joined = jobs.join(waits, on="id", how="left", maintain_order="left")
    is_held = pl.col("standing").is_not_null()
    return joined.with_columns(
        pl.coalesce("standing", "error").alias("error"),
        pl.when(~is_held).then("error_detail").alias("error_detail"),
    ).drop("standing")


def _sampled_frames(video: dict[str, float | None]) -> list[int]:
    frame_count, fps = video["frame_count"], video["fps"]
    return choose_sampled_frames(int(frame_count), fps) if frame_count and fps else []


def _keyed(jobs: pl.DataFrame, prefix: str, limit: int | None) -> pl.DataFrame:
    # These names are part of the key: under others, what was answered before would be asked again.
    shown = ["edit_prompt", "labels", "frames", "source_digest", "edited_digest"]
    is_whole = pl.col("error").is_null()
    is_within = pl.lit(value=True) if limit is None else pl.col("id").cum_count().over(is_whole) <= limit
    return jobs.with_columns(digests(jobs, prefix, shown), (is_whole & is_within).alias("is_asked")).select(
        *(KEY, "id", "edit_prompt", "labels", "frames", "theme", "prompt"),
        *("source_digest", "edited_digest", "is_asked", "error", "error_detail"),
    )
