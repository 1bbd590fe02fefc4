"""The ``judge`` pipeline: from the ingested tables to verdicts, variant and metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline, node

from sparkle_curation.pipelines.judge.nodes import (
    assemble_variant,
    audit_scores,
    compose_variant,
    describe_variant,
    find_score_faults,
    judge_samples,
    list_known_samples,
    look_up_prompts,
    mark_tainted_samples,
    measure_curation,
    resolve_cut_offs,
    split_by_verdict,
)
from sparkle_curation.release.stages import STAGES

_SCORES = [stage.table for stage in STAGES]
_GROUNDINGS = ["grounding_r1", "grounding_r2"]


def _step(function: Callable[..., Any], inputs: list[str], outputs: str | list[str]) -> Node:
    """A node under its function's own name."""
    return node(function, inputs, outputs, name=function.__name__)


def create_pipeline(**_: object) -> Pipeline:
    """The ``judge`` pipeline."""
    return Pipeline(
        [
            _step(resolve_cut_offs, ["params:threshold", "params:thresholds"], "cut_offs"),
            _step(list_known_samples, ["annotations", *_SCORES, *_GROUNDINGS, "assets"], "samples_known"),
            _step(find_score_faults, [*_SCORES, "score_fingerprints"], "score_faults"),
            _step(audit_scores, ["score_faults", "cut_offs"], "score_audit"),
            _step(mark_tainted_samples, ["samples_known", "score_faults"], "samples_marked"),
            _step(
                judge_samples,
                ["samples_marked", *_SCORES, "cut_offs", "params:missing_scores", "params:tainted_scores"],
                "verdicts",
            ),
            _step(split_by_verdict, ["verdicts"], ["samples_kept", "samples_rejected"]),
            _step(look_up_prompts, ["samples_kept", "annotations", *_SCORES, *_GROUNDINGS], "prompts_found"),
            _step(
                compose_variant,
                ["samples_kept", "annotations", "prompts_found", "assets"],
                ["samples_emitted", "samples_not_emitted", "prompt_warnings"],
            ),
            _step(
                describe_variant,
                [
                    "verdicts",
                    "samples_emitted",
                    "cut_offs",
                    "params:missing_scores",
                    "params:tainted_scores",
                    "code_version",
                    "data_version",
                ],
                "variant_card",
            ),
            _step(assemble_variant, ["samples_emitted", "variant_card"], "variant_samples"),
            _step(
                measure_curation,
                [
                    "verdicts",
                    "samples_not_emitted",
                    "prompt_warnings",
                    "cut_offs",
                    "params:missing_scores",
                    "params:tainted_scores",
                ],
                ["curation_metrics", "funnel", "funnel_table"],
            ),
        ],
        tags="judge",
    )
