"""The wiring of ``link``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.link.nodes import (
    choose_rule,
    compose_link,
    count_links,
    link_samples,
    open_variants,
)
from sparkle_curation.variant.sample_groups import LikenessParams


def create_pipeline() -> Pipeline:
    """Both variants are opened and linked, what came of each sample is counted, and the CSVs are written."""
    both = ["this_variant", "other_variant"]
    return Pipeline(
        [
            Node(
                open_variants,
                inputs=[
                    "variant_samples",
                    "frame_hashes",
                    "excluded_samples",
                    "other_variants",
                    "params:link",
                ],
                outputs=both,
                name="open_variants",
            ),
            Node(
                choose_rule,
                inputs=[
                    "params:link",
                    *(f"params:near_duplicates.{name}" for name in LikenessParams.model_fields),
                ],
                outputs="link_rule",
                name="choose_rule",
            ),
            Node(link_samples, inputs=[*both, "link_rule"], outputs="linked_samples", name="link_samples"),
            Node(count_links, inputs="linked_samples", outputs="link_counts", name="count_links"),
            Node(
                compose_link,
                inputs=["linked_samples", *both, "link_rule"],
                outputs="linked_variants",
                name="compose_link",
            ),
        ],
        tags="link",
    )
