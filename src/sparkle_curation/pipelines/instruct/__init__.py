"""``instruct``: what each new sample shall become: a scene, an edit prompt, and what is there now."""

from sparkle_curation.pipelines.instruct.pipeline import create_pipeline

__all__ = ["create_pipeline"]
