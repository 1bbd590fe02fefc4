"""``profiles``: the variant in the files of other trainers."""

from sparkle_curation.pipelines.profiles.pipeline import create_pipeline

__all__ = ["create_pipeline"]
