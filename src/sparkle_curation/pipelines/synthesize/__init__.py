"""``synthesize``: the edited videos, from control videos and edited first frames (stage 5, second half)."""

from sparkle_curation.pipelines.synthesize.pipeline import create_pipeline

__all__ = ["create_pipeline"]
