"""``paper``: what a paper says of the variant, ready to paste."""

from sparkle_curation.pipelines.paper.pipeline import create_pipeline

__all__ = ["create_pipeline"]
