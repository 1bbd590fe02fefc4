"""The wiring of ``download``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.download.nodes import download_files, plan_download


def create_pipeline() -> Pipeline:
    """The plan, which is kept as a report; then the files, which are verified."""
    return Pipeline(
        [
            Node(
                plan_download,
                inputs=["hub", "download_folder", "variant_ids", "assets_at_hand", "params:download"],
                outputs=["download_planned", "download_plan"],
                name="plan_download",
            ),
            Node(
                download_files,
                inputs=["download_planned", "hub", "params:download", "params:dry_run"],
                outputs="download_record",
                name="download_files",
            ),
        ],
        tags="download",
    )
