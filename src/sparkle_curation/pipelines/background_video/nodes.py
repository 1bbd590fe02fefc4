"""The node of ``background_video`` that draws; all others are ``stages.generation.nodes``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.pipelines.background_video.params import BackgroundVideoGroup


def draw_generated(
    generated: pl.LazyFrame, asset_store: AssetStore, made_media_root: str, params: BackgroundVideoGroup
) -> NDArray[np.uint8]:
    """What differs least and most from what it was made of, as a picture, (height, width, 3), RGB."""
    # Pictures are drawn by packages that a run without them need not load.
    from sparkle_curation.reports.sheet import generation_extremes  # noqa: PLC0415

    return generation_extremes.draw_extremes(
        generated.collect(), params.stage, asset_store, Path(made_media_root), params.shown
    )
