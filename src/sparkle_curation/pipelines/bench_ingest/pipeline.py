"""The wiring of ``bench_ingest``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.bench_ingest.nodes import find_leakage, read_benchmark
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.variant.sample_groups import LikenessParams

RELEASED = ("annotations", "media", "frame_hashes", "assets", *JSONL_TABLES)
"""Tables of the release that the benchmark is compared with, each where it was made."""


def create_pipeline() -> Pipeline:
    """The benchmark becomes tables, and is compared with what the release has."""
    return Pipeline(
        [
            Node(
                read_benchmark,
                inputs=["benchmark", "bench_source_root"],
                outputs=["bench_samples", "bench_quarantine", "bench_counts", "bench_check", "bench_name"],
                name="read_benchmark",
            ),
            Node(
                find_leakage,
                inputs=[
                    "bench_samples",
                    "bench_name",
                    *(f"params:near_duplicates.{name}" for name in LikenessParams.model_fields),
                    *(f"released_{name}" for name in RELEASED),
                ],
                outputs=["bench_leakage", "bench_comparison"],
                name="find_leakage",
            ),
        ],
        tags="bench_ingest",
    )
