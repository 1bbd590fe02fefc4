"""The variant's pairs in the form of a profile: those that its loader takes, and of the others why not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

import polars as pl

from sparkle_curation.errors import ConservationError
from sparkle_curation.loader.kiwi_edit import is_read_as_missing, loaded_frame_count
from sparkle_curation.spec.codes.profile_reasons import ProfileReason
from sparkle_curation.spec.layout import SPLITS, TRAIN
from sparkle_curation.spec.training_csv import write_training_csv
from sparkle_curation.training.profiles.pairs import WRITTEN
from sparkle_curation.training.profiles.profile import (
    CONTROL,
    EDITED,
    PROMPT,
    ExportProfile,
    FrameRule,
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


class Fitted(NamedTuple):
    """The pairs of one profile.

    Attributes:
        rows: those that it exports, in the order of the variant.
        report: ``REPORT_SCHEMA``, of all that have a reason.
    """

    rows: pl.DataFrame
    report: pl.DataFrame


def fit_pairs(pairs: pl.DataFrame, profile: ExportProfile, preset: Preset) -> Fitted:
    """The pairs that the profile's loader takes, and what is to be told of the others.

    Args:
        pairs: as ``pairs.describe_pairs`` gives them.
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
    found[ProfileReason.BROKEN] = _of_either(profile, lambda video: pl.col(f"{video}_is_broken"))
    counts = {
        video: loaded_frame_count(pl.col(f"{video}_frame_count"), preset.settings)
        if profile.frames.shortens
        else pl.col(f"{video}_frame_count")
        for video in profile.compared
    }
    if profile.frames.shortens:
        found[ProfileReason.FRAMES_RUN_OUT] = _of_either(
            profile, lambda video: pl.col(f"{video}_{WRITTEN}") < counts[video]
        )
    is_other = counts[one] < counts[other] if profile.frames.cuts_control else counts[one] != counts[other]
    found[ProfileReason.OTHER_LENGTH] = (
        is_other,
        pl.format(f"{one} {{}}, {other} {{}}", counts[one], counts[other]),
    )
    found[ProfileReason.SHORTER] = (
        ~is_other & (counts[other] < preset.num_frames),
        pl.format(f"{{}} of {preset.num_frames}", counts[other]),
    )
    found |= _of_the_sizes(profile, profile.frames, preset)
    is_unknown = pl.any_horizontal(
        pl.col(f"{video}_frame_count").is_null() & ~pl.col(f"{video}_is_broken") for video in (one, other)
    )
    found[ProfileReason.NOT_INSPECTED] = is_unknown, pl.lit("")
    return found


def _of_the_sizes(
    profile: ExportProfile, rule: FrameRule, preset: Preset
) -> Mapping[ProfileReason, tuple[pl.Expr, pl.Expr]]:
    """Those of width and height."""
    one, other = profile.compared
    sizes = [(pl.col(f"{video}_width_px"), pl.col(f"{video}_height_px")) for video in (one, other)]
    told = pl.format(f"{one} {{}} x {{}}, {other} {{}} x {{}}", *sizes[0], *sizes[1])
    if rule.resizes:
        is_small = (sizes[1][0] < preset.width_px) | (sizes[1][1] < preset.height_px)
        return {
            ProfileReason.OTHER_SHAPE: (sizes[0][0] * sizes[1][1] != sizes[1][0] * sizes[0][1], told),
            ProfileReason.ENLARGED: (is_small, pl.format("{} x {}", *sizes[1])),
        }
    is_other = (sizes[0][0] != sizes[1][0]) | (sizes[0][1] != sizes[1][1])
    return {ProfileReason.OTHER_SIZE: (is_other, told)}


def _of_either(profile: ExportProfile, holds: Callable[[str], pl.Expr]) -> tuple[pl.Expr, pl.Expr]:
    """Whether it holds of one of the compared videos at least, and the names of those that it holds of."""
    are_so = [(video, holds(video).fill_null(value=False)) for video in profile.compared]
    names = [pl.when(is_so).then(pl.lit(video)) for video, is_so in are_so]
    return (
        pl.any_horizontal(is_so for _, is_so in are_so),
        pl.concat_str(names, separator=", ", ignore_nulls=True),
    )


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
