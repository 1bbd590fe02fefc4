"""The wiring of ``manifest``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.manifest.nodes import (
    list_release_media,
    list_release_texts,
    require_release,
)


def create_pipeline() -> Pipeline:
    """The release becomes two short lists that change when it does; for DVC, which would hash terabytes."""
    return Pipeline(
        [
            Node(
                require_release,
                inputs=["release", "params:allow_empty"],
                outputs="release_listed",
                name="require_release",
            ),
            Node(
                list_release_texts,
                inputs="release_listed",
                outputs="text_manifest",
                name="list_release_texts",
            ),
            Node(
                list_release_media,
                inputs="release_listed",
                outputs="media_manifest",
                name="list_release_media",
            ),
        ],
        tags="manifest",
    )
