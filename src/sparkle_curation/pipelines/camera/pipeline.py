"""The wiring of ``camera``."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.camera.nodes import (
    ask_about_cameras,
    count_cameras,
    draw_cameras,
    list_clips,
    measure_cameras,
)


def _step(function: Any, inputs: list[str], outputs: str | list[str]) -> Node:
    """A node under its function's own name."""
    return Node(function, inputs=inputs, outputs=outputs, name=function.__name__)


def create_pipeline() -> Pipeline:
    """Each clip is measured, a judge is asked if it shall be, and what was found is counted and drawn."""
    return Pipeline(
        [
            _step(list_clips, ["media", "asset_store", "params:camera"], "camera_clips"),
            _step(
                measure_cameras,
                ["camera_clips", "camera_journal", "params:camera", "params:dry_run"],
                "camera_measured",
            ),
            _step(
                ask_about_cameras,
                [
                    "camera_measured",
                    "camera_clips",
                    "camera_judge_text",
                    "model_server_key",
                    "camera_judge_journal",
                    "params:camera",
                ],
                "camera",
            ),
            _step(count_cameras, ["camera"], "camera_counts"),
            _step(draw_cameras, ["camera"], "camera_figure"),
        ],
        tags="camera",
    )
