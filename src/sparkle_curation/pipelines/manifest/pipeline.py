"""The wiring of ``manifest``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.manifest.nodes import (
    digest_code,
    list_benchmark,
    list_release_media,
    list_release_texts,
    require_release,
)


def create_pipeline() -> Pipeline:
    """Release and code become short lists that change when they do; for DVC, which would hash terabytes."""
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
                outputs=["text_manifest", "text_contents"],
                name="list_release_texts",
            ),
            Node(
                list_release_media,
                inputs="release_listed",
                outputs=["media_manifest", "media_contents"],
                name="list_release_media",
            ),
            Node(list_benchmark, inputs="benchmark", outputs="bench_manifest", name="list_benchmark"),
            Node(digest_code, inputs="pipeline_code", outputs="code_digests", name="digest_code"),
        ],
        tags="manifest",
    )
