"""The nodes of ``clips``: which clips there are, what is seen of them, which are taken, and the samples that are cut."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame, frame_schema
from sparkle_curation.engine.caching.costly_work import MeasureConfig, plan
from sparkle_curation.engine.dry_run import end_dry_run
from sparkle_curation.engine.executors.processes import choose_executor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import EmptyOutputError, FileError
from sparkle_curation.ingest.exclusions.exclusion_list import ExclusionList
from sparkle_curation.media.camera.tabulate import Clips, tabulate_camera
from sparkle_curation.new_samples.clips import drafting
from sparkle_curation.new_samples.clips.clip_provenance import find_provenance, read_provenance
from sparkle_curation.new_samples.clips.cutting import BatchCut
from sparkle_curation.new_samples.clips.deciding import decide
from sparkle_curation.new_samples.clips.drafting import ClipsFound
from sparkle_curation.new_samples.clips.looking import BatchLook, LookJob
from sparkle_curation.pipelines.clips.params import ClipsGroup
from sparkle_curation.spec.codes.new_sample_codes import ClipOutcome, ClipReason
from sparkle_curation.spec.tables.new_samples import NEW_SAMPLE_COLUMNS
from sparkle_curation.spec.tables.reruns.camera import FOLDER
from sparkle_curation.stages.camera_params import CameraGroup

logger = logging.getLogger(__name__)

_HASHES = {"id": pl.String, "frame_hash": pl.String, "fine_hash": pl.String, "detail": pl.Float64}


def list_clips(params: ClipsGroup, excluded: ExclusionList, before: AnyFrame) -> ClipsFound:
    """The clips of the folder with their provenance; those that were excluded on request are in no table.

    Args:
        params: which folder.
        excluded: the list.
        before: ``new_clips`` of the run before; a file that is as it was then is not read to know it.

    Raises:
        FileError: no folder is given, it is not there or holds no clip, or the provenance cannot be read.
    """
    if params.folder is None:
        raise FileError(
            "No folder of clips is given",
            where="clips.folder",
            got="null",
            allowed="a folder of this machine that holds clips, or tars of them",
            todo="give one: --params clips.folder=/path/to/clips",
        )
    provenance = read_provenance(find_provenance(params.folder, params.provenance))
    return drafting.find_clips(params.folder, provenance, params.theme, excluded, _collected(before))


def look_at_clips(
    clips_found: ClipsFound, journal: Journal, params: ClipsGroup, dry_run: bool
) -> pl.DataFrame:
    """The clips with size, rate, length, and hashes of the first frame; of a dry run only what the rest would take."""
    measuring = MeasureConfig(
        "clips",
        choose_executor(processes=params.processes, place=journal.place),
        params.batch_size,
        goes_on=True,
    )
    if dry_run:
        jobs = drafting.look_jobs(clips_found, params.trimming)
        function = BatchLook(clips_found.source, params.trimming)
        broken = clips_found.listed.height - jobs.height
        end_dry_run(plan(jobs, LookJob, function, measuring, journal, broken=broken), "clips")
    return drafting.look_at_clips(clips_found, params.trimming, measuring, journal)


def look_at_cameras(
    clips_seen: pl.DataFrame,
    clips_found: ClipsFound,
    journal: Journal,
    params: ClipsGroup,
    camera: CameraGroup,
) -> pl.DataFrame:
    """The clips with ``camera_outcome`` and ``camera_detail``, of those that are long enough.

    Both are null where it is not looked at. The rule's outcome stands: what it cannot tell is refused too, and told apart
    by its detail.
    """
    wanted = clips_seen.filter(pl.col("error").is_null(), pl.col("frame_count") > 0)
    if params.camera == "skip" or wanted.is_empty():
        nothing = pl.lit(None, pl.String)
        return clips_seen.with_columns(nothing.alias("camera_outcome"), nothing.alias("camera_detail"))
    listed = wanted.select(
        id="clip", theme="theme", identity="clip_hash", error="error", error_detail="error_detail"
    )
    measuring = MeasureConfig(
        "cameras of new clips",
        choose_executor(processes=params.processes, place=journal.place),
        camera.batch_size,
        part="new clips",
        goes_on=True,
    )
    clips = Clips(FOLDER, listed, clips_found.source)
    told = tabulate_camera(clips, camera.measuring, camera.limits.limits, measuring, journal)
    outcome = told.select(clip="id", camera_outcome="outcome", camera_detail="reason")
    return clips_seen.join(outcome, on="clip", how="left", maintain_order="left")


def decide_clips(
    clips_filmed: pl.DataFrame, released_hashes: AnyFrame, bench_samples: AnyFrame, params: ClipsGroup
) -> pl.DataFrame:
    """The clips with outcome and reason: which become samples, and why the others do not."""
    known = {}
    for word, reason, table, todo in (
        ("benchmark", ClipReason.LIKE_BENCHMARK, bench_samples, "bench_ingest"),
        ("release", ClipReason.LIKE_RELEASE, released_hashes, "ingest, inspect and near_duplicates"),
    ):
        if word not in params.against:
            continue
        hashes = _hashes(table)
        if hashes is None:
            logger.warning(
                "clips: not compared with the %s, whose first frames are not known in compared_root; run there %s first",
                word,
                todo,
            )
            continue
        known[reason] = hashes
    return decide(clips_filmed, params.limits, known)


def number_clips(
    clips_decided: pl.DataFrame,
    annotations: AnyFrame,
    assets: AnyFrame,
    bench_samples: AnyFrame,
    before: AnyFrame,
    params: ClipsGroup,
) -> pl.DataFrame:
    """The clips with the ids of those that are taken.

    Raises:
        ParameterError: there are more clips than numbers.
    """
    taken = pl.concat([_ids(annotations, "id"), _ids(assets, "id"), _ids(bench_samples, "sample_id")])
    own = _collected(before)
    known = own if "id" in own.columns else pl.DataFrame(schema=frame_schema(NEW_SAMPLE_COLUMNS))
    return drafting.number_taken(clips_decided, taken.unique(), known, params.first_number)


def cut_clips(
    clips_numbered: pl.DataFrame,
    clips_found: ClipsFound,
    draft_root: str,
    before: AnyFrame,
    journal: Journal,
    params: ClipsGroup,
    allow_empty: bool,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables of new clips and new samples; source videos and first frames are written into the draft on the way.

    Raises:
        EmptyOutputError: no clip is taken where there were samples, and that was not allowed.
    """
    _check_any(clips_numbered, before, allow_empty)
    what = params.trimming
    measuring = MeasureConfig(
        "samples", choose_executor(processes=params.processes, place=journal.place), params.batch_size
    )
    jobs = drafting.cut_jobs(clips_numbered, what)
    cut = drafting.cut_samples(jobs, BatchCut(clips_found.source, draft_root, what), measuring, journal)
    settings = {"trimming": what._asdict(), "camera": params.camera, "against": params.against}
    clips = drafting.tabulate_clips(clips_numbered, cut, settings)
    samples = drafting.tabulate_samples(clips, cut, what)
    if cleared := drafting.clear_draft(draft_root, samples):
        logger.warning("clips: %s samples left the draft: their clips are taken no more", f"{cleared:,}")
    return clips, samples


def count_new_clips(new_clips: AnyFrame) -> pl.DataFrame:
    """The report: one row per theme, outcome and reason; those that were refused are logged."""
    counts = drafting.count_clips(_collected(new_clips))
    refused = counts.filter(outcome=ClipOutcome.REFUSED.value)
    for reason, number in (
        refused.group_by("reason", maintain_order=True).agg(pl.col("count").sum()).iter_rows()
    ):
        logger.warning("clips: %s refused: %s", f"{number:,}", reason)
    return counts


def _check_any(clips: pl.DataFrame, before: AnyFrame, allow_empty: bool) -> None:
    had = "id" in before.lazy().collect_schema().names() and before.lazy().select(pl.len()).collect().item()
    if allow_empty or not had or clips["id"].drop_nulls().len():
        return
    raise EmptyOutputError(
        "No clip becomes a sample, and there are samples of before",
        where="clips.folder",
        got=", ".join(
            f"{count} {reason}" for reason, count in clips["reason"].value_counts(sort=True).iter_rows()
        ),
        allowed="one clip at least that is taken",
        todo="look at the limits of conf/base/clips/parameters.yml; or let the draft become empty: "
        "--params allow_empty=true",
    )


def _hashes(table: AnyFrame) -> pl.DataFrame | None:
    names = table.lazy().collect_schema().names()
    if "frame_hash" not in names:
        return None
    own = table.lazy().rename({"sample_id": "id"}) if "sample_id" in names else table.lazy()
    return own.select(pl.col(name).cast(kind) for name, kind in _HASHES.items()).collect()


def _ids(table: AnyFrame, column: str) -> pl.Series:
    if column not in table.lazy().collect_schema().names():
        return pl.Series("id", [], pl.String)
    return table.lazy().select(pl.col(column).cast(pl.String).alias("id")).unique().collect()["id"]


def _collected(table: AnyFrame) -> pl.DataFrame:
    return table.lazy().collect()
