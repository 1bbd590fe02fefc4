"""The wiring of ``mix_diff``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.mix_diff.nodes import compare_mixes, open_mixes


def create_pipeline() -> Pipeline:
    """Two mixes are opened, by the parameters of ``diff``, and compared."""
    both = ["base_mix", "other_mix"]
    return Pipeline(
        [
            Node(
                open_mixes, inputs=["mixes", "params:base", "params:other"], outputs=both, name="open_mixes"
            ),
            Node(compare_mixes, inputs=both, outputs=["mix_diff", "mix_diff_summary"], name="compare_mixes"),
        ],
        tags="mix_diff",
    )
