"""Which scores a curation uses: those of the release, those of this project's own judge, or both."""

from __future__ import annotations

import logging
from typing import Literal

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import MissingTableError
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.media.assets import with_identity
from sparkle_curation.spec.stages import Stage
from sparkle_curation.spec.tables.verdicts import SOURCE

ScoreSource = Literal["released", "rescored", "rescored_else_released"]

logger = logging.getLogger(__name__)

RELEASED, RESCORED = "released", "rescored"


def choose_scores(
    released: AnyFrame, rescored: AnyFrame, stage: Stage, source: ScoreSource, media: AnyFrame
) -> pl.LazyFrame:
    """The scores of a stage: ``id``, its score columns and ``score_source``, one row per sample that has a score there.

    A rescore with a fault is none, nor is one of another file than is there now: with ``rescored`` the sample then is
    unscored, with ``rescored_else_released`` the release's score counts.

    Args:
        released: the ingested scores.
        rescored: those of the ``score`` pipeline; without columns where it was never run.
        stage: whose scores.
        source: the policy.
        media: columns of ``media``, of the files of now.

    Raises:
        MissingTableError: rescores are asked for, and there is no table of them.
    """
    columns = ["id", *dict.fromkeys(each.score_column for each in stage.criteria)]
    ours = released.lazy().select(*columns, pl.lit(RELEASED).alias(SOURCE))
    if source == "released":
        return ours
    theirs = rescored.lazy()
    if not theirs.collect_schema():
        raise MissingTableError(
            "Rescores are asked for, and nothing was rescored",
            where=f"the table rescored_{stage.table}",
            got=f"score_source={source}",
            todo="score first: kedro run --pipelines score; or use the release: score_source=released",
        )
    told = _of_now(theirs.filter(pl.col("fault").is_null()), media, stage)
    scored = told.select(*columns, pl.lit(RESCORED).alias(SOURCE))
    if source == "rescored":
        return scored
    return pl.concat([scored, ours.join(scored.select("id"), on="id", how="anti", maintain_order="left")])


def _of_now(rescored: pl.LazyFrame, media: AnyFrame, stage: Stage) -> pl.LazyFrame:
    """The rescores, but those of another file than is there now; how many these are is logged."""
    sides = {"source_digest": stage.source_kind, "edited_digest": stage.edited_kind}
    files = media.lazy().filter(pl.col("kind").is_in(sorted(set(sides.values())))).collect()
    now = with_identity(prefer_loose(files)).select("id", pl.col("kind").cast(pl.String), "identity")
    told = rescored.collect()
    for digest, kind in sides.items():
        own = now.filter(kind=kind).select("id", pl.col("identity").alias(f"{digest}_now")).unique("id")
        told = told.join(own, on="id", how="left", maintain_order="left")
    # Where a file is not here nothing can be said: a table may come from a machine that has the media.
    is_same = [
        pl.col(f"{name}_now").is_null() | pl.col(name).eq_missing(pl.col(f"{name}_now")) for name in sides
    ]
    kept = told.filter(pl.all_horizontal(is_same))
    if kept.height < told.height:
        logger.warning(
            "%s: %s rescores are of other files than are there now, and count as none; score these again: "
            "kedro run --pipelines score",
            stage.name,
            f"{told.height - kept.height:,}",
        )
    return kept.lazy()


def faults_that_count(score_faults: AnyFrame, chosen: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    """The faults of scores that are used: the audit is of released scores, and says nothing of rescores.

    Args:
        score_faults: with ``id`` and ``stage``.
        chosen: the chosen scores by the stage's name.
    """
    if not chosen:
        return score_faults.lazy()
    rescored = pl.concat(
        scores.filter(pl.col(SOURCE) == RESCORED).select("id", pl.lit(name).alias("stage"))
        for name, scores in chosen.items()
    )
    return score_faults.lazy().join(rescored, on=["id", "stage"], how="anti")
