"""``plots_page``: the page in which ``dvc plots`` shows its plots without a network."""

from sparkle_curation.pipelines.plots_page.pipeline import create_pipeline

__all__ = ["create_pipeline"]
