"""The wiring of ``score``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.score.nodes import (
    ask_judge,
    choose_judge,
    choose_rule,
    list_score_jobs,
    look_up_score_prompts,
    publish_rescores,
    tabulate_rescores,
)
from sparkle_curation.spec.stages import STAGES

_SCORES = [stage.table for stage in STAGES]
_MADE = ["made_media_edit_frame0", "made_media_remove_foreground", "made_media_synthesize"]
_RESCORES = [f"rescored_{name}" for name in _SCORES]


def create_pipeline() -> Pipeline:
    """The judge is asked what the journal lacks; scores are worked out from its answers."""
    return Pipeline(
        [
            Node(
                choose_judge,
                inputs=["score_consistency_text", "score_quality_text", "model_server_key", "params:score"],
                outputs="score_judge",
                name="choose_judge",
            ),
            Node(
                look_up_score_prompts,
                inputs=["annotations", *_SCORES],
                outputs="score_prompts",
                name="look_up_score_prompts",
            ),
            Node(
                unite_media,
                inputs=["asset_store", "media", *_MADE],
                outputs="score_media",
                name="unite_media",
            ),
            Node(
                list_score_jobs,
                inputs=["score_media", "score_prompts", "score_judge", "params:score"],
                outputs="score_jobs",
                name="list_score_jobs",
            ),
            Node(
                choose_rule,
                inputs=["params:threshold", "params:thresholds", "params:score"],
                outputs="score_rule",
                name="choose_rule",
            ),
            Node(
                ask_judge,
                inputs=[
                    "score_jobs",
                    "score_judge",
                    "asset_store",
                    "score_journal",
                    "score_rule",
                    "params:score",
                    "params:dry_run",
                ],
                outputs="score_answers",
                name="ask_judge",
            ),
            Node(
                tabulate_rescores,
                inputs=["score_jobs", "score_answers", "score_judge", "score_rule", "params:score"],
                outputs=_RESCORES,
                name="tabulate_rescores",
            ),
            Node(publish_rescores, inputs=_RESCORES, outputs="rescored_jsonl", name="publish_rescores"),
        ],
        tags="score",
    )
