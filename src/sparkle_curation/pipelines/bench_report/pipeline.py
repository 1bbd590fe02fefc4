"""The wiring of ``bench_report``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.bench_report.nodes import (
    collect_judgments,
    compare_with_filter,
    draw_bench_results,
    mark_variants,
    measure_bench_results,
    measure_uncertainty,
    name_benchmark,
    write_bench_documents,
    write_bench_page,
)
from sparkle_curation.spec.stages import STAGES

_PARAMS = "params:bench_report"
_SCORES = STAGES[-1].table if STAGES else "annotations"
_TABLES = [
    "bench_results",
    "bench_differences",
    "bench_judge_noise",
    "bench_variances",
    "bench_filter_agreement",
]


def create_pipeline() -> Pipeline:
    """Judgments become means with intervals, differences, and documents; the ledger notes it."""
    return Pipeline(
        [
            Node(
                name_benchmark,
                ["bench_samples", "bench_comparison"],
                "bench_reported_name",
                name="name_benchmark",
            ),
            Node(
                collect_judgments,
                [
                    "bench_samples",
                    "bench_judgments",
                    "bench_scores",
                    "bench_published_scores",
                    "bench_rubrics",
                    _PARAMS,
                ],
                ["bench_panels", "bench_report_judgments", "bench_report_scores"],
                name="collect_judgments",
            ),
            Node(
                measure_bench_results,
                ["bench_panels", _PARAMS],
                ["bench_measured", "bench_differences", "bench_metrics"],
                name="measure_bench_results",
            ),
            Node(
                measure_uncertainty,
                ["bench_panels", "bench_report_judgments", "bench_report_scores", _PARAMS],
                ["bench_judge_noise", "bench_variances"],
                name="measure_uncertainty",
            ),
            Node(
                compare_with_filter,
                [
                    "bench_panels",
                    f"released_{_SCORES}",
                    f"rescored_{_SCORES}",
                    _PARAMS,
                    "params:threshold",
                    "params:thresholds",
                ],
                "bench_filter_agreement",
                name="compare_with_filter",
            ),
            Node(
                mark_variants,
                [
                    "bench_reported_name",
                    "bench_measured",
                    "bench_samples",
                    "bench_judgments",
                    "bench_ledger_before",
                    "variant_versions",
                    _PARAMS,
                ],
                ["bench_entries", "bench_results"],
                name="mark_variants",
            ),
            Node(
                write_bench_documents,
                ["bench_reported_name", *_TABLES, "bench_report_judgments", "bench_entries"],
                ["bench_documents", "bench_ledger"],
                name="write_bench_documents",
            ),
            Node(
                draw_bench_results,
                ["bench_reported_name", "bench_results"],
                "bench_figure",
                name="draw_bench_results",
            ),
            Node(
                write_bench_page,
                [
                    "bench_reported_name",
                    "bench_samples",
                    "bench_output_paths",
                    "bench_report_judgments",
                    "bench_report_scores",
                    "bench_given_root",
                    "params:bench_models",
                ],
                "bench_page",
                name="write_bench_page",
            ),
        ],
        tags="bench_report",
    )
