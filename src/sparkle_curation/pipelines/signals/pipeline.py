"""The wiring of ``signals``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.signals.nodes import (
    count_signals,
    draw_extremes,
    draw_signals,
    measure_signals,
)


def create_pipeline() -> Pipeline:
    """Each pair is measured; then faults are counted, and signals drawn."""
    return Pipeline(
        [
            Node(
                unite_media,
                inputs=["asset_store", "media", "made_media_track", "made_media_edges"],
                outputs="signals_media",
                name="unite_media",
            ),
            Node(
                measure_signals,
                inputs=[
                    "annotations",
                    "signals_media",
                    "asset_store",
                    "signals_journal",
                    "camera",
                    "params:signals",
                ],
                outputs="signals",
                name="measure_signals",
            ),
            Node(count_signals, inputs=["signals"], outputs="signal_counts", name="count_signals"),
            Node(draw_signals, inputs=["signals"], outputs="signals_figure", name="draw_signals"),
            Node(
                draw_extremes,
                inputs=["signals", "signals_media", "asset_store", "params:signals"],
                outputs="signal_extremes",
                name="draw_extremes",
            ),
        ],
        tags="signals",
    )
