"""``link``: the variant and that of another dataset over the same source clips, for a fair ablation."""

from sparkle_curation.pipelines.link.pipeline import create_pipeline

__all__ = ["create_pipeline"]
