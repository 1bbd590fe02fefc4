"""``gate``: how far each new sample came, and which may go on to the next stage."""

from sparkle_curation.pipelines.gate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
