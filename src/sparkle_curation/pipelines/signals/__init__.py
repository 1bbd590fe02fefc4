"""``signals``: what a mask lets one measure of a pair, and what a prompt tells alone."""

from sparkle_curation.pipelines.signals.pipeline import create_pipeline

__all__ = ["create_pipeline"]
