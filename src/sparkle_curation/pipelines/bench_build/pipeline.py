"""The wiring of ``bench_build``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.bench_build.nodes import choose_bench_samples, compose_benchmark
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.variant.sample_groups import LikenessParams


def create_pipeline() -> Pipeline:
    """Samples are chosen by the rule, and written with their media in the published layout."""
    return Pipeline(
        [
            Node(
                choose_bench_samples,
                inputs=[
                    "verdicts",
                    "variant_samples",
                    "media",
                    "released_frame_hashes",
                    "params:bench_build",
                    *(f"params:near_duplicates.{name}" for name in LikenessParams.model_fields),
                    "annotations",
                    *JSONL_TABLES,
                ],
                outputs=["bench_chosen", "bench_candidates"],
                name="choose_bench_samples",
            ),
            Node(
                compose_benchmark,
                inputs=[
                    "bench_chosen",
                    "verdicts",
                    "released_frame_hashes",
                    "params:bench_build",
                    "asset_store",
                    "data_version",
                ],
                outputs="built_benchmark",
                name="compose_benchmark",
            ),
        ],
        tags="bench_build",
    )
