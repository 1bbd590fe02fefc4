"""The wiring of ``publish``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.publish.nodes import (
    compose,
    gather_media,
    list_published_samples,
    plan_publication,
    refer_to_release,
    upload_publication,
)

_PARAMS = "params:publish"


def _step(function: Callable[..., Any], inputs: list[str], outputs: str | list[str]) -> Node:
    """A node under its function's own name."""
    return Node(function, inputs, outputs, name=function.__name__)


def create_pipeline() -> Pipeline:
    """Everything is made in a folder here, compared with the repository, and uploaded as one commit."""
    return Pipeline(
        [
            _step(
                list_published_samples, ["variant_samples", "annotations", "verdicts"], "published_samples"
            ),
            _step(
                refer_to_release,
                ["published_samples", "assets", "assets_source_files", "release_origin", "hub", _PARAMS],
                "media_references",
            ),
            _step(
                gather_media,
                ["variant_facts", "published_samples", "asset_store", _PARAMS],
                ["published_media", "media_notes"],
            ),
            _step(
                compose,
                [
                    "variant_facts",
                    "variant_samples",
                    "published_samples",
                    "media_references",
                    "published_media",
                    "media_notes",
                    _PARAMS,
                ],
                ["publication", "publication_notes"],
            ),
            _step(
                plan_publication,
                ["publication", "publication_notes", "media_references", "hub", _PARAMS],
                ["publish_planned", "publish_plan"],
            ),
            _step(upload_publication, ["publish_planned", "variant_facts", "hub", _PARAMS], "publish_record"),
        ],
        tags="publish",
    )
