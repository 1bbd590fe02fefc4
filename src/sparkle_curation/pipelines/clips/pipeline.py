"""The wiring of ``clips``."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.clips.nodes import (
    count_new_clips,
    cut_clips,
    decide_clips,
    list_clips,
    look_at_cameras,
    look_at_clips,
    number_clips,
)


def _step(function: Any, inputs: list[str], outputs: str | list[str]) -> Node:
    """A node under its function's own name."""
    return Node(function, inputs=inputs, outputs=outputs, name=function.__name__)


def create_pipeline() -> Pipeline:
    """Clips are looked at, those that do are numbered and cut, and what became of each is told."""
    return Pipeline(
        [
            _step(list_clips, ["params:clips", "excluded_clips", "new_clips_before"], "clips_found"),
            _step(
                look_at_clips,
                ["clips_found", "clip_look_journal", "params:clips", "params:dry_run"],
                "clips_seen",
            ),
            _step(
                look_at_cameras,
                ["clips_seen", "clips_found", "camera_journal", "params:clips", "params:camera"],
                "clips_filmed",
            ),
            _step(
                decide_clips,
                ["clips_filmed", "compared_frame_hashes", "compared_bench_samples", "params:clips"],
                "clips_decided",
            ),
            _step(
                number_clips,
                [
                    "clips_decided",
                    "compared_annotations",
                    "compared_assets",
                    "compared_bench_samples",
                    "new_samples_before",
                    "params:clips",
                ],
                "clips_numbered",
            ),
            _step(
                cut_clips,
                [
                    "clips_numbered",
                    "clips_found",
                    "draft_root",
                    "new_samples_before",
                    "clip_cut_journal",
                    "params:clips",
                    "params:allow_empty",
                ],
                ["new_clips", "new_samples"],
            ),
            _step(count_new_clips, ["new_clips"], "new_clip_counts"),
        ],
        tags="clips",
    )
