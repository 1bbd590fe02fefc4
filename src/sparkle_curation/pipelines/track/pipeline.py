"""The wiring of ``track``."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.track.nodes import (
    choose_track_boxes,
    choose_tracker,
    count_tracks,
    draw_track_extremes,
    list_made_masks,
    list_mask_decisions,
    list_track_clips,
    track_masks,
)
from sparkle_curation.stages.gates import tell_draft_standing
from sparkle_curation.stages.lineage import made_before

_MADE = [f"made_media_{each.pipeline}" for each in made_before("track")]
_PARAMS = "params:track"


def _step(function: Any, inputs: list[str], outputs: str) -> Node:
    """A node under its function's own name."""
    return Node(function, inputs=inputs, outputs=outputs, name=function.__name__)


def create_pipeline() -> Pipeline:
    """Passes begin from boxes, vote, and become masks; then faults are counted, and the doubtful masks drawn."""
    regrounded = ["track_regrounded_r1", "track_regrounded_r2"]
    journals = ["track_journal", "track_votes_journal"]
    return Pipeline(
        [
            _step(choose_tracker, [_PARAMS], "tracker"),
            _step(choose_track_boxes, ["grounding_boxes", *regrounded, "media", _PARAMS], "track_boxes"),
            _step(unite_media, ["asset_store", "media", *_MADE], "track_media"),
            _step(
                tell_draft_standing,
                ["told_progress", "annotations", "told_instructions", "track_media"],
                "track_standing",
            ),
            _step(
                list_track_clips,
                ["media", "track_boxes", "track_regrounded_r1", "track_standing", _PARAMS],
                "track_clips",
            ),
            _step(
                track_masks,
                ["track_clips", "tracker", "asset_store", "made_media_root", *journals, "params:dry_run"],
                "tracks",
            ),
            Node(
                list_made_masks,
                inputs=["tracks", "made_media_root"],
                outputs=["made_assets_track", "made_media_track"],
                name="list_made_masks",
            ),
            _step(count_tracks, ["tracks"], "track_counts"),
            _step(list_mask_decisions, ["tracks", "mask_decisions"], "mask_decisions_listed"),
            _step(
                draw_track_extremes, ["tracks", "asset_store", "made_media_root", _PARAMS], "track_extremes"
            ),
        ],
        tags="track",
    )
