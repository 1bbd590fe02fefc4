"""``manifest``: what the release consists of, the first thing that a rebuild looks at."""

from sparkle_curation.pipelines.manifest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
