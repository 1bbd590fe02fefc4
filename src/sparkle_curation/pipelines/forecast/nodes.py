"""The node of ``forecast``: how many reach each stage, and what that takes."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.pace import Pace
from sparkle_curation.errors import ParameterError
from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds
from sparkle_curation.new_samples import forecast as library
from sparkle_curation.pipelines.forecast.params import ForecastGroup
from sparkle_curation.spec.stages import STAGES

logger = logging.getLogger(__name__)

_MB = 1e6


def make_forecast(
    new_samples: AnyFrame,
    assets: AnyFrame,
    made: AnyFrame,
    paces: Mapping[str, Pace],
    params: ForecastGroup,
    threshold: float | None,
    thresholds: Thresholds,
    *scores: AnyFrame,
) -> pl.DataFrame:
    """What each step takes, in their order; logged as a table.

    Args:
        new_samples: those that begin, where ``forecast.samples`` does not say how many.
        assets: of the release, whose mean sizes are taken.
        made: assets that stages made here, whose mean sizes go before these.
        paces: step -> what its runs measured here.
        params: costs, and what stands in where the release says nothing.
        threshold: of all primary criteria; None for their own.
        thresholds: of criteria by name.
        *scores: of the release, in the order of the stages; without columns where there are none.

    Raises:
        ParameterError: nobody says how many samples begin, or what one of the steps takes.
    """
    params.check_complete()
    count = params.samples or _count(new_samples)
    if not count:
        raise ParameterError(
            "Nobody says how many samples begin",
            where="forecast.samples",
            got="null, and no new_samples",
            allowed="an integer above 0",
            todo="--params forecast.samples=10000; or take clips first: kedro run --pipelines clips",
        )
    tables = {
        stage.name: table.lazy().collect()
        for stage, table in zip(STAGES, scores, strict=True)
        if stage.score_column in table.lazy().collect_schema().names()
    }
    seen = library.pass_rates(tables, resolve_thresholds(threshold, thresholds))
    for stage in STAGES:
        if stage.name not in seen:
            logger.warning(
                "forecast: the share that passes %s is assumed: the release has no scores of it", stage.name
            )
    sizes = {kind: size * _MB for kind, size in params.megabytes.items()} | _sizes(assets) | _sizes(made)
    costs = params.step_costs
    if params.seconds == library.MEASURED:
        costs = library.with_paces(costs, paces)
    table = library.forecast(count, costs, {**params.rates, **seen}, sizes, seen)
    table = library.with_pools(table, params.gpus)
    logger.info("forecast of %s samples\n%s", f"{count:,}", library.describe(table, params.gpus))
    if ways := library.ways_to_measure(costs, params.measure):
        told = "\n".join(f"  {way}" for way in ways)
        logger.info("forecast: what is assumed is measured so, in this order:\n%s", told)
    return table


def _count(table: AnyFrame) -> int:
    has_rows = "id" in table.lazy().collect_schema().names()
    return int(table.lazy().select(pl.len()).collect().item()) if has_rows else 0


def _sizes(assets: AnyFrame) -> dict[str, float]:
    """Asset kind -> mean bytes of the release's."""
    if "kind" not in assets.lazy().collect_schema().names():
        return {}
    means = assets.lazy().group_by(pl.col("kind").cast(pl.String)).agg(pl.col("size").mean()).collect()
    return dict(means.rows())
