"""``validate``: each table is checked against its suite; a broken critical rule stops the run."""

from sparkle_curation.pipelines.validate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
