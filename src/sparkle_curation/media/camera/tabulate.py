"""The table of cameras: which clips there are, what was measured of each, what the rule makes of it; and its counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import polars as pl

from sparkle_curation.engine.caching.code_digest import work_digest
from sparkle_curation.engine.caching.costly_work import MeasureConfig, digests, measure, plan
from sparkle_curation.engine.dry_run import Plan
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.media.assets import AROUND, with_identity
from sparkle_curation.media.camera import clips as clip_sources
from sparkle_curation.media.camera import measures
from sparkle_curation.media.camera.batch_camera import BatchCamera, CameraJob
from sparkle_curation.media.camera.clips import ClipSource, FolderClips, ReleaseClips, list_clips
from sparkle_curation.media.camera.measures import MeasuringCamera
from sparkle_curation.media.camera.rule import CameraLimits, with_outcome
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.reruns.camera import CAMERA_COLUMNS, FOLDER, RELEASE

_LISTED_IDS = 10
_CLIPS = {
    "id": pl.String,
    "theme": pl.String,
    "identity": pl.String,
    "error": pl.String,
    "error_detail": pl.String,
}


class Clips(NamedTuple):
    """The clips of a run.

    Attributes:
        origin: ``release`` or ``folder``.
        listed: ``id``, ``theme``, ``identity``, ``error`` and ``error_detail`` of a clip that cannot be read.
        source: opens them.
    """

    origin: str
    listed: pl.DataFrame
    source: ClipSource


def clips_of_release(media: pl.DataFrame, store: AssetStore) -> Clips:
    """The source videos of a release, one for each sample that has one.

    Args:
        media: columns of ``media``.
        store: the assets that it describes.
    """
    videos = with_identity(prefer_loose(media)).filter(kind=KIND.source_video).sort("theme", "id")
    return Clips(
        RELEASE, videos.select(pl.col(name).cast(kind) for name, kind in _CLIPS.items()), ReleaseClips(store)
    )


def clips_of_folder(folder: str) -> Clips:
    """The clips of a folder; raises as ``list_clips``."""
    folder = str(Path(folder).expanduser())
    listed = list_clips(folder).with_columns(pl.lit(None, pl.String).alias("theme"))
    return Clips(FOLDER, listed.select(*_CLIPS), FolderClips(folder))


def tabulate_camera(
    clips: Clips, what: MeasuringCamera, limits: CameraLimits, measuring: MeasureConfig, journal: Journal
) -> pl.DataFrame:
    """The table (``CAMERA_COLUMNS``): one row per clip, by theme and id, no judge asked yet.

    Args:
        clips: those of the run.
        what: what is looked at; another value measures all again.
        limits: of the rule; another value measures nothing again.
        measuring: how clips are read.
        journal: what was measured before; a content is measured once.
    """
    code = _code()
    wanted = _with_keys(clips, what, code)
    measured = measure(
        wanted.select(CameraJob._fields), CameraJob, BatchCamera(clips.source, what), measuring, journal
    )
    found = wanted.select("id", KEY).join(measured, on=KEY, how="left").drop(KEY)
    settings = {"code": code, "measuring": what._asdict(), "limits": limits._asdict()}
    table = (
        clips.listed.rename({"error": "fault", "error_detail": "fault_detail"})
        .join(found, on="id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("fault", "error").alias("error"),
            pl.coalesce("fault_detail", "error_detail").alias("error_detail"),
            pl.lit(clips.origin).alias("clip_source"),
            pl.lit(json.dumps(settings)).alias("settings"),
            pl.lit(None, pl.Boolean).alias("judged_fixed"),
            pl.lit(None, pl.String).alias("judged_reason"),
            pl.lit(None, pl.String).alias("judged_by"),
        )
    )
    return with_outcome(table, limits).select(field.name for field in CAMERA_COLUMNS)


def plan_camera(clips: Clips, what: MeasuringCamera, measuring: MeasureConfig, journal: Journal) -> Plan:
    """What a run would take, from one batch that is measured now; the arguments are those of ``tabulate_camera``."""
    wanted = _with_keys(clips, what, _code())
    function = BatchCamera(clips.source, what)
    broken = clips.listed.height - wanted.height
    return plan(wanted.select(CameraJob._fields), CameraJob, function, measuring, journal, broken=broken)


def _code() -> str:
    # Where a clip is from decides no measure; nor does the form of the table.
    return work_digest(measures.__name__, around=[*AROUND, clip_sources.__name__])


def _with_keys(clips: Clips, what: MeasuringCamera, code: str) -> pl.DataFrame:
    wanted = clips.listed.filter(pl.col("error").is_null())
    return wanted.with_columns(digests(wanted, f"camera {code} {tuple(what)}", ["identity"]))


def count_cameras(camera: pl.DataFrame) -> pl.DataFrame:
    """One row per source, theme, outcome and reason (the first columns), with ``count`` and ``ids``.

    Args:
        camera: columns of ``camera``; ``ids`` are the first ten of its rows.
    """
    by = ["clip_source", "theme", "outcome", "reason"]
    return (
        camera.sort(*by, "id", nulls_last=False)
        .group_by(by, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("count"), pl.col("id").head(_LISTED_IDS).str.join(" ").alias("ids")
        )
    )
