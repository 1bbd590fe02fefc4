"""``bench_build``: a benchmark of one's own from the release, by the published rule."""

from sparkle_curation.pipelines.bench_build.pipeline import create_pipeline

__all__ = ["create_pipeline"]
