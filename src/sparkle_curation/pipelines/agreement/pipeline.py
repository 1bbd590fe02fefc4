"""The wiring of ``agreement``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.agreement.nodes import draw_agreement, measure_agreement, pair_scores
from sparkle_curation.spec.stages import STAGES

_SCORES = [stage.table for stage in STAGES]
_RESCORES = [f"rescored_{name}" for name in _SCORES]
_THRESHOLDS = ["params:threshold", "params:thresholds"]


def create_pipeline() -> Pipeline:
    """Released scores and rescores are paired, measured and drawn."""
    return Pipeline(
        [
            Node(pair_scores, inputs=[*_SCORES, *_RESCORES], outputs="score_pairs", name="pair_scores"),
            Node(
                measure_agreement,
                inputs=["score_pairs", *_THRESHOLDS],
                outputs=["agreement", "agreement_metrics", "agreement_crossings"],
                name="measure_agreement",
            ),
            Node(
                draw_agreement,
                inputs=["score_pairs", "agreement", "agreement_crossings", *_THRESHOLDS],
                outputs="agreement_figure",
                name="draw_agreement",
            ),
        ],
        tags="agreement",
    )
