"""The wiring of ``keep``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.keep.nodes import keep_funnel, keep_histograms, keep_metrics, keep_sweep


def create_pipeline() -> Pipeline:
    """From what ``filter`` reports to what a version has of it; DVC runs both as ``filter_keep``."""
    return Pipeline(
        [
            Node(keep_metrics, inputs="curation_metrics", outputs="version_metrics", name="keep_metrics"),
            Node(
                keep_funnel,
                inputs=["funnel", "curation_metrics"],
                outputs="version_funnel",
                name="keep_funnel",
            ),
            Node(
                keep_histograms,
                inputs=["score_histograms", "curation_metrics"],
                outputs="version_score_histograms",
                name="keep_histograms",
            ),
            Node(
                keep_sweep,
                inputs=["threshold_sweep", "threshold_surface", "curation_metrics"],
                outputs="version_threshold_sweep",
                name="keep_sweep",
            ),
        ],
        tags="keep",
    )
