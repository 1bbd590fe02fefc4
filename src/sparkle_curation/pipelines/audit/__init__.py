"""Drawing the sample that people judge blind, to learn how good what is kept is."""

from sparkle_curation.pipelines.audit.pipeline import create_pipeline

__all__ = ["create_pipeline"]
