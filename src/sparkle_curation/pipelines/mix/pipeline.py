"""The wiring of ``mix``."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from sparkle_curation.pipelines.mix.nodes import compose_mix, count_mix, mix_members, open_members
from sparkle_curation.variant.sample_groups import LikenessParams

_LIKENESS = [f"params:near_duplicates.{name}" for name in LikenessParams.model_fields]


def create_pipeline() -> Pipeline:
    """The members are read, put together, counted, and the files of the mix are written."""
    return Pipeline(
        [
            Node(
                open_members,
                inputs=["mix_configuration", "params:mix"],
                outputs=["mix_members_found", "mix_brought"],
                name="open_members",
            ),
            Node(
                mix_members,
                inputs=["mix_members_found", "mix_brought", "params:mix", *_LIKENESS],
                outputs=["mix_found", "mix_samples"],
                name="mix_members",
            ),
            Node(count_mix, inputs="mix_samples", outputs="mix_counts", name="count_mix"),
            Node(
                compose_mix,
                inputs=["mix_found", "params:mix", *_LIKENESS],
                # In this order: extract waits for the media, and a run that it ends has the CSVs that they are of.
                outputs=["mix_files", "mix_media"],
                name="compose_mix",
            ),
        ],
        tags="mix",
    )
