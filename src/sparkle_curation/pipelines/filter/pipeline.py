"""The ``filter`` pipeline: from the ingested tables to verdicts, variant and metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline, node

from sparkle_curation.filtering.audit_sample import measure_audit
from sparkle_curation.filtering.censoring import find_censoring
from sparkle_curation.filtering.choices import settle_imputed_scores
from sparkle_curation.filtering.thresholds import resolve_thresholds
from sparkle_curation.media.made_media import in_place_of
from sparkle_curation.pipelines.filter.nodes import (
    apply_thresholds,
    audit_scores,
    check_kept,
    choose_scores,
    compose_variant_page,
    count_scores_by_tenth,
    draw_funnel,
    draw_threshold_sweep,
    draw_variant_pictures,
    find_score_faults,
    keep_score_faults,
    list_known_samples,
    mark_imputed_samples,
    split_by_verdict,
    sweep_thresholds,
)
from sparkle_curation.spec.stages import CRITERIA, STAGES
from sparkle_curation.spec.tables.ingested import GROUNDING_TABLES
from sparkle_curation.variant.curation.steps import (
    apply_overrides,
    assemble_variant,
    check_pairs,
    choose_groups,
    choose_scope,
    compose_variant,
    count_samples,
    describe_variant,
    drop_unloadable,
    gather_settings,
    look_up_prompts,
    mark_leaks,
    mark_tuning,
    measure_curation,
    select_samples,
    settle,
    split_samples,
    state_variant,
)

_SCORES = [stage.table for stage in STAGES]
_SHOWN_FOR_THRESHOLDS = _SCORES if any(each.published_threshold is None for each in CRITERIA) else []
_GROUNDINGS = list(GROUNDING_TABLES)
_SETTINGS = [
    "params:missing_scores",
    "imputed_policy",
    *(f"params:{name}" for name in ("preflight", "split", "score_source")),
    "export_scope",
    "overrides_summary",
    "params:selection",
    "benchmark_summary",
]
_RESCORES = [f"rescored_{name}" for name in _SCORES]
_CHOSEN = [f"chosen_{name}" for name in _SCORES]

_SETTLED = [
    "sample_counts",
    "samples_not_exported",
    "preflight_dropped",
    "verdicts",
    "samples_kept",
    "samples_rejected",
    "score_audit",
    "preflight",
    "preflight_warnings",
    "prompt_warnings",
    "overrides_listed",
    "censoring",
    "audit_precision",
]
"""What replaces the files of the run before, once the variant is known to be one; ``{name}_found`` until then."""


def _step(function: Callable[..., Any], inputs: list[str], outputs: str | list[str]) -> Node:
    """A node under its function's own name."""
    return node(function, inputs, outputs, name=function.__name__)


def create_pipeline(**_: object) -> Pipeline:
    """The ``filter`` pipeline."""
    return Pipeline(
        [
            _step(in_place_of, ["media", "made_media_asked_for"], "filter_media"),
            _step(
                resolve_thresholds,
                ["params:threshold", "params:thresholds", *_SHOWN_FOR_THRESHOLDS],
                "thresholds_used",
            ),
            _step(settle_imputed_scores, ["params:imputed_scores", "thresholds_used"], "imputed_policy"),
            _step(
                choose_scope,
                [
                    f"params:{name}"
                    for name in (
                        "licence_allow",
                        "themes",
                        "signal_bounds",
                        "missing_signals",
                        "benchmark_leakage",
                    )
                ],
                "export_scope",
            ),
            _step(list_known_samples, ["annotations", *_SCORES, *_GROUNDINGS, "assets"], "samples_known"),
            _step(
                find_score_faults,
                ["score_fingerprints", "score_faults_before", *_SCORES],
                "score_faults_found",
            ),
            _step(audit_scores, ["score_faults_found", "thresholds_used"], "score_audit_found"),
            _step(choose_scores, ["params:score_source", "filter_media", *_SCORES, *_RESCORES], _CHOSEN),
            _step(mark_imputed_samples, ["samples_known", "score_faults_found", *_CHOSEN], "samples_marked"),
            _step(
                apply_thresholds,
                [
                    "samples_marked",
                    "thresholds_used",
                    "params:missing_scores",
                    "imputed_policy",
                    *_CHOSEN,
                ],
                "verdicts_scored",
            ),
            _step(
                apply_overrides,
                [
                    "verdicts_scored",
                    "overrides",
                    "params:override_rule",
                    "annotations",
                    "assets",
                    "filter_media",
                    *_SCORES,
                ],
                ["verdicts_decided", "overrides_listed_found", "overrides_summary"],
            ),
            _step(
                mark_leaks,
                ["verdicts_decided", "bench_leakage", "bench_comparison", "params:benchmark_leakage"],
                ["verdicts_unchecked", "benchmark_summary"],
            ),
            _step(
                check_kept, ["verdicts_unchecked", "thresholds_used", "params:allow_empty"], "verdicts_found"
            ),
            _step(find_censoring, ["verdicts_found", "assets"], "censoring_found"),
            _step(
                measure_audit,
                ["verdicts_found", "audit_sample", "overrides_listed_found", "params:override_rule"],
                "audit_precision_found",
            ),
            _step(split_by_verdict, ["verdicts_found"], ["samples_kept_found", "samples_rejected_found"]),
            _step(
                look_up_prompts,
                ["samples_kept_found", "annotations", *_SCORES, *_GROUNDINGS],
                "prompts_found",
            ),
            _step(
                compose_variant,
                ["samples_kept_found", "annotations", "prompts_found", "assets", "export_scope", "signals"],
                ["variant_candidates", "samples_lacking"],
            ),
            _step(
                check_pairs,
                ["variant_candidates", "filter_media", "assets", "assets_source_files", "params:preflight"],
                "preflight_found",
            ),
            _step(
                drop_unloadable,
                ["variant_candidates", "preflight_found"],
                ["variant_loadable", "preflight_dropped_found", "preflight_warnings_found"],
            ),
            _step(
                choose_groups,
                ["filter_media", "sample_groups", "params:split", "params:selection"],
                "source_groups",
            ),
            _step(
                select_samples,
                [
                    "variant_loadable",
                    "verdicts_found",
                    "annotations",
                    "source_groups",
                    "samples_lacking",
                    "params:selection",
                    "params:split",
                ],
                ["variant_selected", "samples_not_exported_found"],
            ),
            _step(
                split_samples,
                ["variant_selected", "source_groups", "params:split"],
                ["samples_exported", "variant_splits", "prompt_warnings_found"],
            ),
            _step(
                count_samples,
                [
                    "verdicts_found",
                    "samples_not_exported_found",
                    "prompt_warnings_found",
                    "preflight_found",
                    "variant_splits",
                ],
                "sample_counts_found",
            ),
            _step(
                settle,
                ["params:allow_empty", "variant_themes_before", *(f"{name}_found" for name in _SETTLED)],
                _SETTLED,
            ),
            _step(
                keep_score_faults,
                ["score_fingerprints", "score_faults_found", "verdicts"],
                "score_faults",
            ),
            _step(count_scores_by_tenth, ["verdicts"], "score_histograms"),
            _step(gather_settings, _SETTINGS, "curation_settings"),
            _step(
                mark_tuning,
                ["curation_settings", "thresholds_used", "bench_ledger_before"],
                "curation_choices",
            ),
            _step(
                state_variant,
                [
                    "samples_exported",
                    "sample_counts",
                    "thresholds_used",
                    "curation_choices",
                    "code_version",
                    "data_version",
                    "censoring",
                    "audit_precision",
                    "annotations",
                ],
                "variant_stated",
            ),
            _step(
                draw_variant_pictures,
                ["samples_exported", "verdicts", "thresholds_used", "filter_media", "asset_store"],
                "variant_pictures",
            ),
            _step(describe_variant, ["variant_stated", "variant_pictures"], "variant_documents"),
            _step(
                assemble_variant,
                [
                    "samples_exported",
                    "annotations",
                    "variant_documents",
                    "variant_pictures",
                    "sample_counts",
                    "params:allow_empty",
                ],
                "variant_samples",
            ),
            _step(
                compose_variant_page,
                [
                    "variant_stated",
                    "variant_pictures",
                    "samples_not_exported",
                    "preflight_dropped",
                    "preflight_warnings",
                    "prompt_warnings",
                ],
                "variant_page",
            ),
            _step(
                measure_curation,
                ["sample_counts", "thresholds_used", "curation_choices"],
                ["curation_metrics", "funnel", "funnel_table"],
            ),
            _step(draw_funnel, ["funnel_table", "thresholds_used"], "funnel_figure"),
            _step(
                sweep_thresholds,
                ["verdicts", "params:missing_scores", "imputed_policy"],
                ["threshold_sweep", "threshold_surface"],
            ),
            _step(
                draw_threshold_sweep,
                ["threshold_sweep", "threshold_surface", "thresholds_used", "censoring"],
                "threshold_sweep_figure",
            ),
        ],
        tags="filter",
    )
