"""The wiring of ``join``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.join.nodes import plan_joined_release


def create_pipeline() -> Pipeline:
    """A release and the one beside it become one folder."""
    return Pipeline(
        [
            Node(
                plan_joined_release,
                inputs=["join_root", "params:join"],
                outputs="joined_release",
                name="plan_joined_release",
            )
        ],
        tags="join",
    )
