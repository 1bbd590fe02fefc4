"""The wiring of ``manifest``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.manifest.nodes import list_release_media, list_release_texts


def create_pipeline() -> Pipeline:
    """The release becomes two short lists that change when it does; for DVC, which would hash terabytes."""
    return Pipeline(
        [
            Node(
                list_release_texts,
                inputs="release",
                outputs=["text_manifest", "text_contents"],
                name="list_release_texts",
            ),
            Node(
                list_release_media,
                inputs="release",
                outputs=["media_manifest", "media_contents"],
                name="list_release_media",
            ),
        ],
        tags="manifest",
    )
