"""Which scores a curation uses: those of the release, those of this project's own judge, or both."""

from __future__ import annotations

from typing import Literal

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import MissingTableError
from sparkle_curation.spec.stages import Stage
from sparkle_curation.spec.tables.verdicts import SOURCE

ScoreSource = Literal["released", "rescored", "rescored_else_released"]

RELEASED, RESCORED = "released", "rescored"


def choose_scores(released: AnyFrame, rescored: AnyFrame, stage: Stage, source: ScoreSource) -> pl.LazyFrame:
    """The scores of a stage: ``id``, its score columns and ``score_source``, one row per sample that has a score there.

    A rescore with a fault is none: with ``rescored`` the sample then is unscored, with ``rescored_else_released`` the
    release's score counts.

    Args:
        released: the ingested scores.
        rescored: those of the ``score`` pipeline; without columns where it was never run.
        stage: whose scores.
        source: the policy.

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
    scored = theirs.filter(pl.col("fault").is_null()).select(*columns, pl.lit(RESCORED).alias(SOURCE))
    if source == "rescored":
        return scored
    return pl.concat([scored, ours.join(scored.select("id"), on="id", how="anti", maintain_order="left")])


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
