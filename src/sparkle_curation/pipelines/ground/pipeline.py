"""The wiring of ``ground``."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from sparkle_curation.media.made_media import unite_media
from sparkle_curation.pipelines.ground.nodes import (
    ask_round1,
    ask_round2,
    choose_grounder,
    choose_labels,
    list_round1_jobs,
    list_round2_jobs,
    publish_regroundings,
    tabulate_round1,
    tabulate_round2,
)
from sparkle_curation.stages.gates import tell_draft_standing
from sparkle_curation.stages.lineage import made_before

_MADE = [f"made_media_{each.pipeline}" for each in made_before("track")]
"""What the first masks wait for."""
_ASKING = ["grounder", "asset_store", "ground_journal", "params:ground", "params:dry_run"]


def _step(function: Any, inputs: list[str], outputs: str) -> Node:
    """A node under its function's own name."""
    return Node(function, inputs=inputs, outputs=outputs, name=function.__name__)


def create_pipeline() -> Pipeline:
    """The model is asked for objects, then for each of them on frames of the video; boxes are read from its answers."""
    texts, first, second = ["ground_round1_text", "ground_round2_text"], "ground_round1", "ground_round2"
    return Pipeline(
        [
            _step(choose_grounder, [*texts, "model_server_key", "params:ground"], "grounder"),
            _step(unite_media, ["asset_store", "media", *_MADE], "ground_media"),
            _step(
                tell_draft_standing,
                ["told_progress", "annotations", "told_instructions", "ground_media"],
                "ground_standing",
            ),
            _step(
                list_round1_jobs,
                [
                    *("ground_media", "grounding_r1", "annotations", "ground_standing"),
                    *("grounder", "params:ground"),
                ],
                f"{first}_jobs",
            ),
            _step(ask_round1, [f"{first}_jobs", *_ASKING], f"{first}_answers"),
            _step(tabulate_round1, [f"{first}_jobs", f"{first}_answers", "grounder"], "regrounded_r1"),
            _step(choose_labels, ["regrounded_r1", "grounding_r1", "params:ground"], "ground_labels"),
            _step(
                list_round2_jobs,
                ["ground_media", "ground_labels", "ground_standing", "grounder", "params:ground"],
                f"{second}_jobs",
            ),
            _step(ask_round2, [f"{second}_jobs", *_ASKING], f"{second}_answers"),
            _step(
                tabulate_round2,
                [f"{second}_jobs", f"{second}_answers", "ground_labels", "grounder"],
                "regrounded_r2",
            ),
            _step(publish_regroundings, ["regrounded_r1", "regrounded_r2"], "regrounded_jsonl"),
        ],
        tags="ground",
    )
