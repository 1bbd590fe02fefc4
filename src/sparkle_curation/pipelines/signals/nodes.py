"""The nodes of ``signals``: the table, what it comes to, and pictures of it."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sparkle_curation.engine.caching.costly_work import MeasureConfig
from sparkle_curation.engine.executors.processes import choose_executor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.fault_counts import count_faults
from sparkle_curation.media.signals.signals import tabulate_signals
from sparkle_curation.pipelines.signals.params import SignalsGroup
from sparkle_curation.reports.figures import signals as signals_figure
from sparkle_curation.reports.figures.parts import Figure

logger = logging.getLogger(__name__)


def measure_signals(
    annotations: pl.LazyFrame,
    media: pl.LazyFrame,
    asset_store: AssetStore,
    journal: Journal,
    camera: pl.LazyFrame,
    params: SignalsGroup,
) -> pl.DataFrame:
    """The signals: one row per sample with a prompt or an asset of a pair; why signals are lacking is in its row.

    Args:
        annotations: the prompts.
        media: what the headers say.
        asset_store: the assets.
        journal: what was measured before; a content is measured once.
        camera: what was measured of the sources' cameras; without columns where ``camera`` was not run.
        params: what is looked at, and how.
    """
    return tabulate_signals(
        annotations,
        media.collect(),
        params.measuring,
        asset_store,
        MeasureConfig(
            "signals", choose_executor(processes=params.processes, place=journal.place), params.batch_size
        ),
        journal,
        camera,
    )


def count_signals(signals: pl.LazyFrame) -> pl.DataFrame:
    """The report: one row per theme and reason that signals are lacking for, the measured ones first; reasons are logged."""
    counts = count_faults(signals.collect())
    lacking = counts.drop_nulls("error").group_by("error", maintain_order=True).agg(pl.col("count").sum())
    for error, count in lacking.sort("count", descending=True).iter_rows():
        logger.warning("signals: %s samples lack some or all of them: %s", f"{count:,}", error)
    return counts


def draw_signals(signals: pl.LazyFrame) -> Figure:
    """The histograms of the signals as a figure for Plotly, the themes stacked."""
    return signals_figure.draw_signals(signals.collect())


def draw_extremes(
    signals: pl.LazyFrame, media: pl.LazyFrame, asset_store: AssetStore, params: SignalsGroup
) -> NDArray[np.uint8]:
    """The worst and best pairs of each signal as a picture, (height, width, 3), RGB: source, edit and mask.

    Args:
        signals: the table.
        media: which assets are there and whole.
        asset_store: the assets.
        params: how many are shown.
    """
    # Pictures are drawn by packages that a run without them need not load.
    from sparkle_curation.reports.sheet import signal_extremes  # noqa: PLC0415

    return signal_extremes.draw_extremes(signals.collect(), media.collect(), asset_store, params.shown)
