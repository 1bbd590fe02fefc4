"""The wiring of ``training_kit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.training_kit.nodes import (
    assemble_kit,
    check_run_files,
    choose_media_root,
    choose_task_groups,
    drop_unloadable_rows,
    find_media,
    list_task_rows,
    make_run_files,
    mix_themes,
    plan_training,
)
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.training.checked_variant import check_variant

_PARAMS = "params:training_kit"


def _step(function: Callable[..., Any], inputs: list[str], outputs: str | list[str]) -> Node:
    """A node under its function's own name."""
    return Node(function, inputs, outputs, name=function.__name__)


def create_pipeline() -> Pipeline:
    """Rows are listed, checked and mixed, their media found, run files written and checked, and all kept as a set."""
    return Pipeline(
        [
            _step(choose_task_groups, ["media", "sample_groups", "params:split"], "task_groups"),
            _step(
                list_task_rows,
                [
                    "variant_samples",
                    "verdicts",
                    "task_groups",
                    "params:split",
                    "checked_variant",
                    _PARAMS,
                    "annotations",
                    *JSONL_TABLES,
                ],
                "task_rows_listed",
            ),
            _step(
                drop_unloadable_rows,
                ["task_rows_listed", "media", "params:preflight", _PARAMS, "params:allow_empty"],
                ["task_rows_loadable", "unloadable_rows"],
            ),
            _step(
                mix_themes,
                ["task_rows_loadable", "unloadable_rows", "variant_samples", _PARAMS],
                ["kit_csvs", "rows_dropped"],
            ),
            _step(choose_media_root, ["training_media", _PARAMS], "media_root"),
            _step(find_media, ["kit_csvs", "assets", "assets_source_files", "media_root"], "kit_media"),
            _step(check_variant, ["variant_facts", "variant_samples", "verdicts"], "checked_variant"),
            _step(plan_training, ["kit_csvs", "params:preflight", _PARAMS], "training_plan"),
            _step(make_run_files, ["training_plan", "checked_variant", "media_root", _PARAMS], "run_files"),
            _step(check_run_files, ["run_files", _PARAMS], "run_files_checked"),
            _step(
                assemble_kit,
                [
                    "kit_csvs",
                    "rows_dropped",
                    "kit_media",
                    "checked_variant",
                    "training_plan",
                    "run_files_checked",
                    _PARAMS,
                ],
                ["training_kit", "wanted_media"],
            ),
        ],
        tags="training_kit",
    )
