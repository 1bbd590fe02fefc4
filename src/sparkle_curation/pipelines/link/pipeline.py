"""The wiring of ``link``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.link.nodes import compose_link, count_links, link_samples, open_variants


def create_pipeline() -> Pipeline:
    """Both variants are opened and linked, what came of each sample is counted, and the CSVs are written."""
    both = ["this_variant", "other_variant"]
    rule = ["params:link", "params:near_duplicates"]
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
            Node(link_samples, inputs=[*both, *rule], outputs="linked_samples", name="link_samples"),
            Node(count_links, inputs="linked_samples", outputs="link_counts", name="count_links"),
            Node(
                compose_link,
                inputs=["linked_samples", *both, *rule],
                outputs="linked_variants",
                name="compose_link",
            ),
        ],
        tags="link",
    )
