"""``track``: masks anew, by tracking from the boxes of round 2 and a vote of the passes (stage 4, BAIT)."""

from sparkle_curation.pipelines.track.pipeline import create_pipeline

__all__ = ["create_pipeline"]
