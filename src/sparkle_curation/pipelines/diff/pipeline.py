"""The wiring of ``diff``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.diff.nodes import (
    compare_variants,
    count_differences,
    open_versions,
    summarise_difference,
)


def create_pipeline() -> Pipeline:
    """Two versions of a variant are opened and compared; the difference becomes counts and a summary."""
    versions = ["base_version", "other_version"]
    return Pipeline(
        [
            Node(
                open_versions,
                inputs=["variant_versions", "params:base", "params:other", "excluded_samples"],
                outputs=versions,
                name="open_versions",
            ),
            Node(compare_variants, inputs=versions, outputs="variant_diff", name="compare_variants"),
            Node(
                count_differences,
                inputs="variant_diff",
                outputs="variant_diff_counts",
                name="count_differences",
            ),
            Node(
                summarise_difference,
                inputs=[*versions, "variant_diff"],
                outputs="variant_diff_summary",
                name="summarise_difference",
            ),
        ],
        tags="diff",
    )
