"""The node of ``plots_page``."""

from __future__ import annotations

from sparkle_curation.reports.plots_page import compose_page


def build_plots_page() -> str:
    """The page in HTML that ``dvc plots`` fills, with the libraries that draw in it."""
    return compose_page()
