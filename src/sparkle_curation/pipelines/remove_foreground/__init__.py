"""``remove_foreground``: the edited first frames without their foreground (stage 3, first half)."""

from sparkle_curation.pipelines.remove_foreground.pipeline import create_pipeline

__all__ = ["create_pipeline"]
