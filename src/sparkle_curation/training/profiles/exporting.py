"""The variant's pairs in the form of a profile: those that its loader takes, and of the others why not."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ConservationError
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.loader.kiwi_edit import is_read_as_missing, loaded_frame_count
from sparkle_curation.loader.pair_files import find_files
from sparkle_curation.spec.codes.profile_reasons import ProfileReason
from sparkle_curation.spec.layout import KIND, SPLITS, TRAIN
from sparkle_curation.spec.training_csv import write_training_csv
from sparkle_curation.training.profiles.profile import (
    CONTROL,
    EDITED,
    PROMPT,
    SOURCE,
    ExportProfile,
    Preset,
)

REPORT_SCHEMA = pl.Schema(
    {
        "profile": pl.String,
        "id": pl.String,
        "theme": pl.String,
        "reason": pl.String,
        "is_exported": pl.Boolean,
        "detail": pl.String,
    }
)
"""Of the report: one row per profile, pair and reason."""

_FACTS = ("frame_count", "fps", "width_px", "height_px")


class Fitted(NamedTuple):
    """The pairs of one profile.

    Attributes:
        rows: those that it exports, in the order of the variant.
        report: ``REPORT_SCHEMA``, of all that have a reason.
    """

    rows: pl.DataFrame
    report: pl.DataFrame


def describe_pairs(variant: pl.DataFrame, media: AnyFrame, control: str) -> pl.DataFrame:
    """The pairs of a variant with their videos: one row each, in their order.

    Columns are ``id``, ``theme``, ``split``, ``prompt``, and for each of source, edited and control video its path and
    facts (``{video}_frame_count`` ...); a fact is null where the file was not inspected or is broken.

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
        *(f"{video}_{name}" for video in (SOURCE, EDITED) for name in _FACTS),
    )
    pairs = pairs.join(variant.select("id", "split"), on="id", how="left", maintain_order="left")
    if control == KIND.source_video:
        return pairs.with_columns(
            pl.col(SOURCE).alias(CONTROL),
            *(pl.col(f"{SOURCE}_{name}").alias(f"{CONTROL}_{name}") for name in _FACTS),
        )
    files = prefer_loose(media.lazy().filter(pl.col("kind") == control, pl.col("error").is_null())).select(
        "id", pl.col("path").alias(CONTROL), *(pl.col(name).alias(f"{CONTROL}_{name}") for name in _FACTS)
    )
    return pairs.join(files.collect(), on="id", how="left", maintain_order="left")


def fit_pairs(pairs: pl.DataFrame, profile: ExportProfile, preset: Preset) -> Fitted:
    """The pairs that the profile's loader takes, and what is to be told of the others.

    Args:
        pairs: as ``describe_pairs`` gives them.
        profile: the profile.
        preset: the size that the trainer is told.

    Raises:
        ConservationError: exported and left out are not all pairs.
    """
    holds = {
        reason: (is_so.fill_null(value=False), detail)
        for reason, (is_so, detail) in _reasons(profile, preset).items()
    }
    told = [
        pairs.filter(is_so).select(
            pl.lit(profile.name).alias("profile"),
            "id",
            "theme",
            pl.lit(reason.value).alias("reason"),
            pl.lit(reason.is_row_kept).alias("is_exported"),
            detail.alias("detail"),
        )
        for reason, (is_so, detail) in holds.items()
    ]
    report = pl.concat([REPORT_SCHEMA.to_frame(), *told])
    left_out = report.filter(~pl.col("is_exported")).select("id").unique()
    rows = pairs.join(left_out, on="id", how="anti", maintain_order="left")
    # A pair that is left out is told as such alone.
    report = report.filter(~pl.col("is_exported") | ~pl.col("id").is_in(left_out["id"].implode()))
    if rows.height + left_out.height != pairs.height:
        raise ConservationError(
            "Pairs were lost on the way to a profile",
            where=profile.name,
            got=f"{rows.height} exported + {left_out.height} left out",
            allowed=f"{pairs.height} pairs of the variant",
        )
    return Fitted(rows, report)


def _reasons(profile: ExportProfile, preset: Preset) -> Mapping[ProfileReason, tuple[pl.Expr, pl.Expr]]:
    """Reason -> whether it holds, and what is said of it."""
    found: dict[ProfileReason, tuple[pl.Expr, pl.Expr]] = {}
    if profile.form == "csv":
        found[ProfileReason.READ_AS_MISSING] = (
            is_read_as_missing(pl.col(PROMPT)),
            pl.format("prompt {}", PROMPT),
        )
    if profile.uses_control:
        found[ProfileReason.NO_CONTROL] = pl.col(CONTROL).is_null(), pl.lit("")
    if profile.frames is None:
        return found
    one, other = profile.compared
    counts = [
        loaded_frame_count(pl.col(f"{video}_frame_count"), preset.settings)
        if profile.frames.shortens
        else pl.col(f"{video}_frame_count")
        for video in (one, other)
    ]
    found[ProfileReason.OTHER_LENGTH] = (
        counts[0] != counts[1],
        pl.format(f"{one} {{}}, {other} {{}}", *counts),
    )
    found[ProfileReason.SHORTER] = (
        (counts[0] == counts[1]) & (counts[1] < preset.num_frames),
        pl.format(f"{{}} of {preset.num_frames}", counts[1]),
    )
    sizes = [(pl.col(f"{video}_width_px"), pl.col(f"{video}_height_px")) for video in (one, other)]
    if profile.frames.resizes:
        is_small = (sizes[1][0] < preset.width_px) | (sizes[1][1] < preset.height_px)
        found[ProfileReason.ENLARGED] = is_small, pl.format("{} x {}", *sizes[1])
    else:
        is_other = (sizes[0][0] != sizes[1][0]) | (sizes[0][1] != sizes[1][1])
        found[ProfileReason.OTHER_SIZE] = (
            is_other,
            pl.format(f"{one} {{}} x {{}}, {other} {{}} x {{}}", *sizes[0], *sizes[1]),
        )
    is_unknown = pl.any_horizontal(pl.col(f"{video}_frame_count").is_null() for video in (one, other))
    if profile.uses_control:
        is_unknown &= pl.col(CONTROL).is_not_null()
    found[ProfileReason.NOT_INSPECTED] = is_unknown, pl.lit("")
    return found


def write_profile(rows: pl.DataFrame, profile: ExportProfile) -> dict[str, str]:
    """The files of a profile by name, one of each split that has rows: ``diffsynth.csv``, ``diffsynth_val.csv``.

    Args:
        rows: of ``Fitted``.
        profile: the profile.
    """
    return {
        file_name(profile, split): _text(own, profile)
        for split in SPLITS
        if not (own := rows.filter(pl.col("split") == split)).is_empty()
    }


def file_name(profile: ExportProfile, split: str = TRAIN) -> str:
    """The name of a profile's file."""
    return f"{profile.name}{'' if split == TRAIN else f'_{split}'}.{profile.form}"


def _text(rows: pl.DataFrame, profile: ExportProfile) -> str:
    cells = rows.select(
        *(pl.col(name if name in rows.columns else f"{EDITED}_{name}").alias(name) for name in profile.facts),
        *(pl.col(column).alias(name) for name, column in profile.columns.items()),
    )
    if profile.form == "csv":
        target = io.BytesIO()
        write_training_csv(cells, target, cells.columns)
        return target.getvalue().decode()
    lines = [json.dumps(row, ensure_ascii=False) for row in cells.iter_rows(named=True)]
    if profile.form == "jsonl":
        return "".join(f"{line}\n" for line in lines)
    return "[\n" + ",\n".join(lines) + "\n]\n"
