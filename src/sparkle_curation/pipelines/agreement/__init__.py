"""``agreement``: how the release's scores and those of this project's own judge agree."""

from sparkle_curation.pipelines.agreement.pipeline import create_pipeline

__all__ = ["create_pipeline"]
