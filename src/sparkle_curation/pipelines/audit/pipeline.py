"""The wiring of ``audit``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.audit.nodes import draw_sample


def create_pipeline() -> Pipeline:
    """A sample is drawn over what the verdicts keep and reject; ``filter`` measures precision by the answers."""
    return Pipeline(
        [Node(draw_sample, inputs=["verdicts", "params:audit"], outputs="audit_sample", name="draw_sample")],
        tags="audit",
    )
