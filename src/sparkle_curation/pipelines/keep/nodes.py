"""The nodes of ``keep``: few metrics by name, and the tables that ``dvc plots`` draws."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.filtering.funnel import Metrics
from sparkle_curation.filtering.version_tables import (
    check_metrics,
    mark_histograms,
    mark_sweep,
    name_metrics,
    share_funnel,
)


def keep_metrics(curation_metrics: Metrics) -> dict[str, int]:
    """The numbers that tell variants from each other, flat and named."""
    return name_metrics(check_metrics(curation_metrics))


def keep_funnel(funnel: pl.DataFrame, curation_metrics: Metrics) -> pl.DataFrame:
    """The funnel with shares."""
    check_metrics(curation_metrics)
    return share_funnel(funnel)


def keep_histograms(score_histograms: pl.DataFrame, curation_metrics: Metrics) -> pl.DataFrame:
    """The histograms with shares and the current thresholds."""
    return mark_histograms(score_histograms, check_metrics(curation_metrics)["thresholds"])


def keep_sweep(
    threshold_sweep: AnyFrame, threshold_surface: AnyFrame, curation_metrics: Metrics
) -> pl.DataFrame:
    """The sweep of each stage and of all at one threshold, with shares and the current thresholds."""
    return mark_sweep(
        threshold_sweep.lazy().collect(), threshold_surface.lazy().collect(), check_metrics(curation_metrics)
    )
