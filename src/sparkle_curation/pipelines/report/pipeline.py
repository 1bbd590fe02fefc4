"""The wiring of ``report``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.report.nodes import choose_samples, draw_contact_sheet


def create_pipeline() -> Pipeline:
    """Samples are chosen and shown on one sheet."""
    return Pipeline(
        [
            Node(
                choose_samples,
                inputs=["verdicts", "media", "params:contact_sheet"],
                outputs="samples_shown",
                name="choose_samples",
            ),
            Node(
                draw_contact_sheet,
                inputs=[
                    "samples_shown",
                    "annotations",
                    "media",
                    "grounding_r1",
                    "grounding_r2",
                    "asset_store",
                    "params:contact_sheet",
                ],
                outputs="contact_sheet",
                name="draw_contact_sheet",
            ),
        ],
        tags="report",
    )
