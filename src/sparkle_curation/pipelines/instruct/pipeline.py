"""The wiring of ``instruct``."""

from __future__ import annotations

from typing import Any

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.instruct.nodes import (
    ask_for_instructions,
    choose_instructor,
    count_instructions,
    list_instruct_jobs,
    list_scenes,
    tabulate_instructions,
    write_draft_prompts,
)


def _step(function: Any, inputs: list[str], outputs: str) -> Node:
    """A node under its function's own name."""
    return Node(function, inputs=inputs, outputs=outputs, name=function.__name__)


def create_pipeline() -> Pipeline:
    """Each new sample is offered scenes, a model chooses and writes, and the draft gets its prompts."""
    return Pipeline(
        [
            _step(choose_instructor, ["instruct_text", "model_server_key", "params:instruct"], "instructor"),
            _step(list_scenes, ["compared_annotations", "own_scenes_text"], "scenes"),
            _step(
                list_instruct_jobs,
                ["new_samples", "scenes", "new_instructions_before", "instructor", "params:instruct"],
                "instruct_jobs",
            ),
            _step(
                ask_for_instructions,
                [
                    "instruct_jobs",
                    "instructor",
                    "draft_root",
                    "instruct_journal",
                    "params:instruct",
                    "params:dry_run",
                ],
                "instruct_answers",
            ),
            _step(
                tabulate_instructions,
                [
                    "instruct_jobs",
                    "instruct_answers",
                    "instructor",
                    "scenes",
                    "new_instructions_before",
                    "params:instruct",
                    "params:allow_empty",
                ],
                "new_instructions",
            ),
            _step(write_draft_prompts, ["new_instructions"], "draft_prompts"),
            _step(count_instructions, ["new_instructions"], "new_instruction_counts"),
        ],
        tags="instruct",
    )
