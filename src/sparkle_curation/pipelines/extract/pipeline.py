"""The wiring of ``extract``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.extract.nodes import extract_media


def create_pipeline() -> Pipeline:
    """What is wanted is brought, or compared with the manifest."""
    return Pipeline(
        [
            Node(
                extract_media,
                inputs=["wanted_media", "mix_media", "extracted_media", "extracted_mix", "params:extract"],
                outputs="extraction_counts",
                name="extract_media",
                # A share each: several machines, or runs, work on one folder at once.
                tags="locks_itself",
            )
        ],
        tags="extract",
    )
