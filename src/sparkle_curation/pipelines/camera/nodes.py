"""The nodes of ``camera``: which clips there are, what is measured of each, what a judge says, and the report."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.caching.costly_work import MeasureConfig
from sparkle_curation.engine.dry_run import end_dry_run
from sparkle_curation.engine.executors.processes import choose_executor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import MissingTableError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.camera.tabulate import (
    Clips,
    clips_of_folder,
    clips_of_release,
    plan_camera,
    tabulate_camera,
)
from sparkle_curation.media.camera.tabulate import count_cameras as count
from sparkle_curation.model_jobs import asking
from sparkle_curation.models.choice import choose_model
from sparkle_curation.reports.figures import camera as camera_figure
from sparkle_curation.reports.figures.parts import Figure
from sparkle_curation.spec.codes.camera_reasons import CameraOutcome
from sparkle_curation.stages import camera_batches
from sparkle_curation.stages.camera_judge import CameraJudge
from sparkle_curation.stages.camera_params import CameraGroup

logger = logging.getLogger(__name__)


def list_clips(media: pl.LazyFrame, asset_store: AssetStore, params: CameraGroup) -> Clips:
    """The clips of the run: those of the folder that is asked for, else the source videos of the release.

    Raises:
        FileError: the folder is not there, or holds no clip.
        MissingTableError: the release is asked for, and was not inspected.
    """
    if params.clips is not None:
        return clips_of_folder(params.clips)
    if "id" not in media.collect_schema().names():
        raise MissingTableError(
            "The media of the release were not inspected",
            where="table media",
            todo="inspect them first: kedro run --pipelines ingest,inspect; or look at a folder of clips: "
            "kedro run --pipelines camera_clips --params camera.clips=/path/to/clips",
        )
    return clips_of_release(media.collect(), asset_store)


def measure_cameras(clips: Clips, journal: Journal, params: CameraGroup, dry_run: bool) -> pl.DataFrame:
    """The table of cameras by the rule alone: one row per clip; of a dry run only what the rest would take.

    Args:
        clips: those of the run.
        journal: what was measured before; a content is measured once.
        params: what is looked at, how, and the limits.
        dry_run: whether to end after a batch.
    """
    measuring = MeasureConfig(
        "camera",
        choose_executor(processes=params.processes, place=journal.place),
        params.batch_size,
        part=clips.origin,
    )
    if dry_run:
        end_dry_run(plan_camera(clips, params.measuring, measuring, journal), "clips")
    return tabulate_camera(clips, params.measuring, params.limits.limits, measuring, journal)


def ask_about_cameras(
    camera: pl.DataFrame, clips: Clips, text: str, server_key: str, journal: Journal, params: CameraGroup
) -> pl.DataFrame:
    """The table with the answers of a judge about what the rule leaves open, where one is asked for; else as it came.

    Raises:
        ModelError: the model cannot be had, or cannot answer; what was answered stays in the journal.
    """
    group = params.judge
    if group.ask == "nothing":
        return camera
    model = choose_model(group.model, group.sampling.sampling(), server_key)
    judge = CameraJudge(model, text, group.settings)
    is_wider = group.ask == "cannot_tell_and_borderline"
    jobs = camera_batches.list_judge_jobs(camera, clips, judge, borderline=is_wider)
    how = asking.AskConfig(
        f"camera judge, {clips.origin}",
        "camera.judge",
        None,
        camera_batches.BatchCameraJudge(clips.source, judge),
        camera_batches.CameraJudgeJob,
        model,
        group.batch_size,
        camera_batches.PICTURES,
        group.give_up_after,
    )
    return camera_batches.with_answers(camera, jobs, asking.ask(jobs, how, journal), judge)


def count_cameras(camera: pl.LazyFrame) -> pl.DataFrame:
    """The report: one row per source, theme, outcome and reason; those that are not fixed are logged by reason."""
    counts = count(camera.collect())
    others = counts.filter(pl.col("outcome") != CameraOutcome.FIXED.value)
    for outcome, reason, number in (
        others.group_by("outcome", "reason", maintain_order=True).agg(pl.col("count").sum()).iter_rows()
    ):
        logger.warning("camera: %s clips are %s: %s", f"{number:,}", outcome.replace("_", " "), reason)
    return counts


def draw_cameras(camera: pl.LazyFrame) -> Figure:
    """The measures of all clips with the limits, as a figure for Plotly."""
    return camera_figure.draw_camera(camera.collect())
