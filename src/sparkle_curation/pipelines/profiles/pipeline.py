"""The wiring of ``profiles``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.profiles.nodes import describe_exported_pairs, write_profiles


def create_pipeline() -> Pipeline:
    """The pairs of the variant are described once, and written for each trainer that is asked for."""
    return Pipeline(
        [
            Node(
                describe_exported_pairs,
                inputs=["variant_samples", "media", "params:profiles"],
                outputs="exported_pairs",
                name="describe_exported_pairs",
            ),
            Node(
                write_profiles,
                inputs=["exported_pairs", "variant_samples", "params:profiles", "params:allow_empty"],
                outputs="profile_files",
                name="write_profiles",
            ),
        ],
        tags="profiles",
    )
