"""``edit_frame0``: the edited first frames, by a model that edits pictures (stage 2)."""

from sparkle_curation.pipelines.edit_frame0.pipeline import create_pipeline

__all__ = ["create_pipeline"]
