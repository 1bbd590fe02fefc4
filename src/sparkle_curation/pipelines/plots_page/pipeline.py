"""The wiring of ``plots_page``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.plots_page.nodes import build_plots_page


def create_pipeline() -> Pipeline:
    """A page is made of what is installed alone; ``.dvc/config`` names it to ``dvc plots``."""
    return Pipeline(
        [Node(build_plots_page, inputs=None, outputs="plots_page", name="build_plots_page")],
        tags="plots_page",
    )
