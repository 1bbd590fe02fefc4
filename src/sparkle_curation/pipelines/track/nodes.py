"""The nodes of ``track``: the tracker, the clips with their boxes, the masks, and what they came to."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sparkle_curation.engine.dry_run import end_dry_run
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import MissingTableError
from sparkle_curation.filtering.overrides.mask_decisions import MaskDecisionState, state_of_decisions
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.united_store import released_store
from sparkle_curation.media.bboxes.grounding_boxes import locate_groundings
from sparkle_curation.media.fault_counts import count_faults
from sparkle_curation.media.made_media import probe_made
from sparkle_curation.media.tracking.jobs import list_clips
from sparkle_curation.media.tracking.mask_folder import MaskFolder, made_assets
from sparkle_curation.media.tracking.table import TrackRun, TrackSettings
from sparkle_curation.models.trackers.sam_tracker import Device, SamTracker
from sparkle_curation.models.weights import Weights, is_pinned, newest_commit
from sparkle_curation.pipelines.track.params import TrackGroup
from sparkle_curation.spec.codes.generation_faults import GenerationFault
from sparkle_curation.spec.tables.reruns.rescores import NOT_ASKED

logger = logging.getLogger(__name__)


def choose_tracker(params: TrackGroup) -> TrackSettings:
    """The tracker, described and not loaded; where no commit is given, with the newest one, which is printed.

    Raises:
        ModelError: the hub does not say which that is, or there is no such folder.
    """
    model = params.model
    revision = model.revision
    if not is_pinned(model.name, revision):
        revision = newest_commit(model.name)
        logger.warning(
            "track: %s stands at %s now; to stay with it, write into conf/base/track/parameters.yml, below track.model: "
            "revision: %s",
            model.name,
            revision,
            revision,
        )
    device = Device(model.device, model.dtype, model.offload)
    tracker = SamTracker(Weights(model.name, revision), device, params.mask_threshold)
    facts = tracker.provenance
    logger.info("tracker: %s at %s", facts["model"], facts["revision"])
    return TrackSettings(tracker, params.ties, params.boxes_from)


def choose_track_boxes(
    grounding_boxes: pl.LazyFrame,
    regrounded_r1: pl.LazyFrame,
    regrounded_r2: pl.LazyFrame,
    media: pl.LazyFrame,
    params: TrackGroup,
) -> pl.DataFrame:
    """The boxes that passes begin from: columns of ``grounding_boxes``, round 2 alone.

    Args:
        grounding_boxes: those of the release.
        regrounded_r1: round 1 of `ground`; without columns where it was never run.
        regrounded_r2: round 2, likewise.
        media: the inspected media, whose sizes boxes are in.
        params: whose boxes.

    Raises:
        MissingTableError: those of `ground` are asked for, and it has found none.
    """
    if params.boxes_from == "released":
        return grounding_boxes.filter(pl.col("round") == 2).collect()
    rounds = (regrounded_r1, regrounded_r2)
    if not all(table.collect_schema() for table in rounds):
        raise _no_own_boxes("no table")
    first, second = (table.filter(pl.col("fault").is_null()) for table in rounds)
    boxes = locate_groundings(first, second, media).filter(pl.col("round") == 2).collect()
    if boxes.is_empty():
        raise _no_own_boxes("no sample with boxes")
    return boxes


def _no_own_boxes(got: str) -> MissingTableError:
    return MissingTableError(
        "There are no boxes of this project's own grounding",
        where="regrounded_r2",
        got=got,
        allowed="those of a run of `ground`, or the released ones",
        todo="kedro run --pipelines ground, or --params track.boxes_from=released",
    )


def list_track_clips(
    media: pl.LazyFrame,
    track_boxes: pl.DataFrame,
    regrounded_r1: pl.LazyFrame,
    track_standing: pl.DataFrame,
    params: TrackGroup,
) -> pl.DataFrame:
    """What is to be tracked, a row per sample with a source video, and what cannot be or waits, with why."""
    found_by = None if params.boxes_from == "released" else regrounded_r1.collect()
    return list_clips(media.collect(), track_boxes, params.limit, found_by, track_standing)


def track_masks(
    track_clips: pl.DataFrame,
    tracker: TrackSettings,
    asset_store: AssetStore,
    made_media_root: str,
    passes: Journal,
    votes: Journal,
    dry_run: bool,
) -> pl.DataFrame:
    """The tracked masks: one row per sample with a source video; of a dry run only what those missing would take.

    Raises:
        ModelError: the tracker cannot be had, or no clip fits into memory; the passes that were made are kept.
    """
    # Not beside what was made before, which with `asset_source=rerun` stands for the released mask.
    run = TrackRun(tracker, released_store(asset_store), MaskFolder(Path(made_media_root)), passes, votes)
    if dry_run:
        end_dry_run(run.plan(track_clips), "passes")
    return run.track(track_clips)


def list_made_masks(tracks: pl.LazyFrame, made_media_root: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The masks as rows of ``made_assets``, and their facts as rows of ``media``."""
    assets = made_assets(tracks.collect())
    return assets, probe_made(assets, made_media_root)


def count_tracks(tracks: pl.LazyFrame) -> pl.DataFrame:
    """The report: one row per theme and reason that there is no mask, the tracked ones first; reasons are logged."""
    counts = count_faults(tracks.collect())
    told = counts.filter(pl.col("error").is_not_null() & (pl.col("error") != NOT_ASKED))
    lacking = told.group_by("error", maintain_order=True).agg(pl.col("count").sum())
    for error, count in lacking.sort("count", descending=True).iter_rows():
        way = "; look at what is new: kedro run --pipelines score,gate"
        logger.warning(
            "track: %s samples have no mask: %s%s",
            f"{count:,}",
            error,
            way if error == GenerationFault.NOT_JUDGED else "",
        )
    return counts


def list_mask_decisions(tracks: pl.LazyFrame, mask_decisions: pl.DataFrame) -> pl.DataFrame:
    """The decisions by hand about masks, each with how it stands to the masks of now; those that hold no more are logged."""
    listed = state_of_decisions(mask_decisions, tracks.select("id", "index_hash").collect())
    stale = listed.filter(pl.col("state") == MaskDecisionState.STALE.value).height
    if stale:
        logger.warning(
            "track: %s of %s decisions about masks are about another mask than there is now, and are not applied; look at "
            "these again: kedro explore, masks",
            f"{stale:,}",
            f"{listed.height:,}",
        )
    return listed.select("id", "annotator", "decision", "reason", "state")


def draw_track_extremes(
    tracks: pl.LazyFrame, asset_store: AssetStore, made_media_root: str, params: TrackGroup
) -> NDArray[np.uint8]:
    """The clips whose passes agree least as a picture, (height, width, 3), RGB: the mask on three frames of each."""
    # Pictures are drawn by packages that a run without them need not load.
    from sparkle_curation.reports.sheet import track_extremes  # noqa: PLC0415

    return track_extremes.draw_extremes(
        tracks.collect(), asset_store, MaskFolder(Path(made_media_root)), params.shown
    )
