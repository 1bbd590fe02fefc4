"""The variant's pairs with their videos, and what is known of each: what the profiles go by."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.loader.pair_files import SIDES, Side, find_files
from sparkle_curation.spec.layout import KIND
from sparkle_curation.training.profiles.profile import CONTROL, EDITED, PROMPT, SOURCE

WRITTEN = "written_count"
_FACTS = ("frame_count", WRITTEN, "fps", "width_px", "height_px")
"""Of a video; frames written are those that FFmpeg writes of it at a constant rate, as imageio asks it to."""


def describe_pairs(variant: pl.DataFrame, media: AnyFrame, control: str) -> pl.DataFrame:
    """The pairs of a variant with their videos: one row each, in their order.

    Columns are ``id``, ``theme``, ``split``, ``prompt``, and for each of source, edited and control video its path,
    ``{video}_is_broken`` (it is broken, or is known not to be there) and facts (``{video}_frame_count`` ...); a fact is
    null where the file was not inspected or is broken.

    Args:
        variant: ``id``, ``theme``, ``split``, ``prompt``, ``src_video``, ``tgt_video``.
        media: the table of the media.
        control: the asset kind that is the control video.
    """
    found = find_files(variant, media)
    pairs = found.select(
        "id",
        "theme",
        PROMPT,
        pl.col("src_video").alias(SOURCE),
        pl.col("tgt_video").alias(EDITED),
        *(fact for side in SIDES for fact in _facts_of(side)),
    )
    pairs = pairs.join(variant.select("id", "split"), on="id", how="left", maintain_order="left")
    if control == KIND.source_video:
        return pairs.with_columns(
            pl.col(SOURCE).alias(CONTROL),
            *(pl.col(f"{SOURCE}_{name}").alias(f"{CONTROL}_{name}") for name in ("is_broken", *_FACTS)),
        )
    files = prefer_loose(media.lazy().filter(pl.col("kind") == control, pl.col("error").is_null())).select(
        "id",
        pl.col("path").alias(CONTROL),
        pl.lit(value=False).alias(f"{CONTROL}_is_broken"),
        *(fact.alias(f"{CONTROL}_{name}") for name, fact in _facts("").items()),
    )
    return pairs.join(files.collect(), on="id", how="left", maintain_order="left")


def _facts(prefix: str) -> dict[str, pl.Expr]:
    """``_FACTS`` from the columns of the media that begin with the prefix."""
    stored = {name: pl.col(f"{prefix}{name}") for name in _FACTS if name != WRITTEN}
    lost, repeated = (pl.col(f"{prefix}{name}_frame_count") for name in ("lost", "repeated"))
    return {**stored, WRITTEN: stored["frame_count"] - lost + repeated}


def _facts_of(side: Side) -> list[pl.Expr]:
    """``{video}_is_broken`` and the facts of a video, of the rows of ``find_files``."""
    # Of a path that the layout does not have, nothing is known: it may be there.
    is_absent = side.col("is_inspected") & ~side.col("is_found") & side.col("named_kind").is_not_null()
    is_broken = side.col("error").is_not_null() | is_absent
    return [
        is_broken.alias(f"{side.name}_is_broken"),
        *(
            pl.when(~is_broken).then(fact).alias(f"{side.name}_{name}")
            for name, fact in _facts(f"{side.name}_").items()
        ),
    ]
