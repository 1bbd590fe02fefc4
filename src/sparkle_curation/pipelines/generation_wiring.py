"""The wiring of the pipelines that generate: one, but for the stage, its parameters and what was made before it.

No pipeline itself: those are the folders beside it. What the nodes do is ``stages.generation.nodes``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path

import numpy as np
import polars as pl
from kedro.pipeline import Node, Pipeline
from numpy.typing import NDArray

from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.made_media import unite_media
from sparkle_curation.stages.generation.nodes import (
    choose_maker,
    count_generated,
    generate_assets,
    list_generated,
    list_wanted,
)
from sparkle_curation.stages.generation.params import GenerationGroup
from sparkle_curation.stages.lineage import made_before


def generation_pipeline(group: type[GenerationGroup]) -> Pipeline:
    """The pipeline of a stage that generates: what was made is listed, counted and drawn.

    It looks at what all stages before it made: its inputs, and whether these are of what there is now.

    Args:
        group: its parameters, which say which stage it is.
    """
    name = group.stage.name
    params, table, media = f"params:{name}", f"generated_{name}", "media"
    store = ["asset_store", "made_media_root"]
    nodes = []
    earlier = made_before(name)
    if earlier:
        media = f"generation_{name}_media"
        made = [f"made_media_{each.pipeline}" for each in earlier]
        nodes.append(
            Node(
                unite_media, inputs=["asset_store", "media", *made], outputs=media, name=f"{name}.unite_media"
            )
        )
    nodes += [
        Node(
            choose_maker,
            inputs=[params, *store],
            outputs=f"generation_{name}_maker",
            name=f"{name}.choose_maker",
        ),
        Node(
            list_wanted,
            inputs=[
                *("new_samples", "new_instructions", "told_progress", params, media),
                *(f"{each.table}_if_made" for each in earlier),
            ],
            outputs=f"generation_{name}_wanted",
            name=f"{name}.list_wanted",
        ),
        Node(
            generate_assets,
            inputs=[
                f"generation_{name}_wanted",
                f"generation_{name}_maker",
                f"generation_{name}_journal",
                params,
                "params:dry_run",
            ],
            outputs=table,
            name=f"{name}.generate_assets",
        ),
        Node(
            list_generated,
            inputs=[table, "made_media_root", params],
            outputs=[f"made_assets_{name}", f"made_media_{name}"],
            name=f"{name}.list_generated",
        ),
        Node(
            count_generated,
            inputs=[table, params],
            outputs=f"generation_{name}_counts",
            name=f"{name}.count_generated",
        ),
        Node(
            _with_parameters(draw_generated, group),
            inputs=[table, *store, params],
            outputs=f"generation_{name}_extremes",
            name=f"{name}.draw_generated",
        ),
    ]
    return Pipeline(nodes, tags=name)


def draw_generated(
    generated: pl.LazyFrame, asset_store: AssetStore, made_media_root: str, params: GenerationGroup
) -> NDArray[np.uint8]:
    """What differs least and most from what it was made of, as a picture, (height, width, 3), RGB."""
    # Pictures are drawn by packages that a run without them need not load.
    from sparkle_curation.reports.sheet import generation_extremes  # noqa: PLC0415

    return generation_extremes.draw_extremes(
        generated.collect(), params.stage, asset_store, Path(made_media_root), params.shown
    )


def _with_parameters(
    function: Callable[..., NDArray[np.uint8]], group: type[GenerationGroup]
) -> Callable[..., NDArray[np.uint8]]:
    """The function with a signature that names the group: Kedro makes parameters what a node's signature says they are."""

    @wraps(function)
    def told(*inputs: object) -> NDArray[np.uint8]:
        return function(*inputs)

    told.__annotations__ = {**function.__annotations__, "params": group}
    return told
