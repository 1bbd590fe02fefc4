"""The wiring of ``manifest``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.manifest.nodes import list_release_files


def create_pipeline() -> Pipeline:
    """The release becomes a short list that changes when it does; for DVC, which would hash terabytes."""
    return Pipeline(
        [
            Node(
                list_release_files,
                inputs="release",
                outputs="release_manifest",
                name="list_release_files",
            )
        ],
        tags="manifest",
    )
