"""The wiring of ``report``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import in_place_of
from sparkle_curation.pipelines.report.nodes import (
    choose_samples,
    compose_contact_sheet_page,
    describe_cards,
    draw_contact_sheet,
    measure_signal_precision,
    read_panels,
)
from sparkle_curation.spec.stages import STAGES


def create_pipeline() -> Pipeline:
    """Samples are shown on a sheet, as a picture and as a page with clips; bounds on signals are compared with labels."""
    return Pipeline(
        [
            Node(
                in_place_of,
                inputs=["media", "made_media_asked_for"],
                outputs="report_media",
                name="report.in_place_of",
            ),
            Node(
                choose_samples,
                inputs=["verdicts", "report_media", "params:contact_sheet"],
                outputs="samples_shown",
                name="choose_samples",
            ),
            Node(
                describe_cards,
                inputs=["samples_shown", "annotations", *(stage.table for stage in STAGES)],
                outputs="cards_shown",
                name="describe_cards",
            ),
            Node(
                read_panels,
                inputs=[
                    "samples_shown",
                    "report_media",
                    "grounding_r1",
                    "grounding_r2",
                    "asset_store",
                    "params:contact_sheet",
                ],
                outputs="panels_shown",
                name="read_panels",
            ),
            Node(
                draw_contact_sheet,
                inputs=["cards_shown", "panels_shown", "params:contact_sheet"],
                outputs="contact_sheet",
                name="draw_contact_sheet",
            ),
            Node(
                compose_contact_sheet_page,
                inputs=["cards_shown", "panels_shown", "report_media", "asset_store", "params:contact_sheet"],
                outputs="contact_sheet_page",
                name="compose_contact_sheet_page",
            ),
            Node(
                measure_signal_precision,
                inputs=["verdicts", "signals", "params:signal_bounds"],
                outputs="signal_precision",
                name="measure_signal_precision",
            ),
        ],
        tags="report",
    )
