"""The wiring of ``forecast``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.forecast.nodes import make_forecast
from sparkle_curation.spec.stages import STAGES


def create_pipeline() -> Pipeline:
    """Costs, shares that pass and sizes come to what all takes."""
    return Pipeline(
        [
            Node(
                make_forecast,
                inputs=[
                    "new_samples_before",
                    "compared_assets",
                    "forecast_made_assets",
                    "paces",
                    "params:forecast",
                    "params:threshold",
                    "params:thresholds",
                    *(f"compared_{stage.table}" for stage in STAGES),
                ],
                outputs="forecast",
                name="make_forecast",
            )
        ],
        tags="forecast",
    )
