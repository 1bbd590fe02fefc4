"""What if: how many samples would survive other cut-offs, of one stage alone and of all three together.

A score is turned into the number of cut-offs that it passes, once, by the comparison that judging makes; counting
those numbers and adding them up from the top gives the survivors at every cut-off. So 29,791 triples cost one pass.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from sparkle_curation.curation.frames import Frame
from sparkle_curation.curation.funnel import TOTAL
from sparkle_curation.curation.verdicts import (
    MissingScores,
    TaintedScores,
    cut_off_column,
    score_column,
    taint_column,
)
from sparkle_curation.release.fields import Field, arrow_schema
from sparkle_curation.release.stages import STAGE_NAMES, STAGES, Stage
from sparkle_curation.release.themes import THEMES
from sparkle_curation.release.variant_tables import THRESHOLD_SURFACE_COLUMNS, THRESHOLD_SWEEP_COLUMNS

# Dividing gives the number nearest to 8.3, which is what `8.3` in a parameter file is; adding tenths does not.
SWEEP_CUT_OFFS: tuple[float, ...] = tuple(tenths / 10 for tenths in range(101))
"""0.0, 0.1 and so on to 10.0."""

SURFACE_CUT_OFFS: tuple[float, ...] = tuple(tenths / 10 for tenths in range(70, 101))
"""7.0, 7.1 and so on to 10.0: no release was ever cut lower."""

_Counts = npt.NDArray[np.int64]

_THEMES_AND_TOTAL = (*THEMES, TOTAL)
_THEME_NAMES = pl.Series(_THEMES_AND_TOTAL)


def sweep(
    verdicts: Frame, missing_scores: MissingScores, tainted_scores: TaintedScores = "keep"
) -> pl.DataFrame:
    """The survivors of each stage alone at every cut-off of ``SWEEP_CUT_OFFS``: ``THRESHOLD_SWEEP_COLUMNS``.

    One row per theme in the order of the card and the total, stage and cut-off. A theme without samples has zeros.

    Args:
        verdicts: with ``theme`` and each stage's score and taint; their cut-offs and outcomes do not matter.
        missing_scores: ``keep`` lets a sample without a score survive every cut-off; else it survives none.
        tainted_scores: ``reject`` lets a sample with a tainted score survive none.
    """
    judged = _select(verdicts)
    themes, count = _theme_numbers(judged), len(SWEEP_CUT_OFFS)
    survivors = [
        _survivors(themes, [_passed(judged, stage, SWEEP_CUT_OFFS, missing_scores, tainted_scores)], count)
        for stage in STAGES
    ]
    theme, stage, cut_off = _grid(len(_THEMES_AND_TOTAL), len(STAGES), count)
    return pl.DataFrame(
        {
            "theme": _THEME_NAMES.gather(theme),
            "stage": pl.Series(STAGE_NAMES).gather(stage),
            "cut_off": pl.Series(SWEEP_CUT_OFFS).gather(cut_off),
            "surviving": np.stack(survivors, axis=1).ravel(),
        },
        schema=_schema(THRESHOLD_SWEEP_COLUMNS),
    )


def surface(
    verdicts: Frame, missing_scores: MissingScores, tainted_scores: TaintedScores = "keep"
) -> pl.DataFrame:
    """The survivors of all three stages at every triple of ``SURFACE_CUT_OFFS``: ``THRESHOLD_SURFACE_COLUMNS``.

    One row per theme in the order of the card and the total, and triple; the last stage's cut-off moves fastest.
    Arguments as for ``sweep``. At the cut-offs of the verdicts it gives the samples that they keep.
    """
    judged = _select(verdicts)
    passed = [_passed(judged, stage, SURFACE_CUT_OFFS, missing_scores, tainted_scores) for stage in STAGES]
    count = len(SURFACE_CUT_OFFS)
    survivors = _survivors(_theme_numbers(judged), passed, count)
    theme, *places = _grid(len(_THEMES_AND_TOTAL), *[count] * len(STAGES))
    cut_offs = pl.Series(SURFACE_CUT_OFFS)
    return pl.DataFrame(
        {
            "theme": _THEME_NAMES.gather(theme),
            **{
                cut_off_column(stage): cut_offs.gather(place)
                for stage, place in zip(STAGES, places, strict=True)
            },
            "surviving": survivors.ravel(),
        },
        schema=_schema(THRESHOLD_SURFACE_COLUMNS),
    )


def _schema(columns: tuple[Field, ...]) -> pl.Schema:
    return pl.DataFrame(arrow_schema(columns).empty_table()).schema


def _grid(*lengths: int) -> list[_Counts]:
    """The places along each axis of a grid, for every cell of it; the last axis moves fastest."""
    return [axis.ravel() for axis in np.indices(lengths)]


def _select(verdicts: Frame) -> pl.DataFrame:
    columns = [column(stage) for stage in STAGES for column in (score_column, taint_column)]
    return verdicts.lazy().select("theme", *columns).collect()


def _theme_numbers(judged: pl.DataFrame) -> _Counts:
    """The place of each sample's theme in ``THEMES``."""
    return judged["theme"].cast(pl.Enum(THEMES)).to_physical().cast(pl.Int64).to_numpy()


def _passed(
    judged: pl.DataFrame,
    stage: Stage,
    cut_offs: tuple[float, ...],
    missing_scores: MissingScores,
    tainted_scores: TaintedScores,
) -> _Counts:
    """How many of the cut-offs, which rise, each sample passes at the stage."""
    scores = judged[score_column(stage)]
    # side="right": a cut-off equal to the score is passed too.
    passed = np.searchsorted(np.asarray(cut_offs), scores.fill_null(0.0).to_numpy(), side="right")
    if tainted_scores == "reject":
        passed = np.where(judged[taint_column(stage)].to_numpy(), 0, passed)
    return np.where(scores.is_null().to_numpy(), len(cut_offs) if missing_scores == "keep" else 0, passed)


def _survivors(themes: _Counts, passed: list[_Counts], count: int) -> _Counts:
    """The samples that pass all given cut-offs, by theme and the cut-off of each stage; the last theme is the total.

    Args:
        themes: of each sample, its number.
        passed: for each stage, how many of its ``count`` cut-offs each sample passes.
        count: the cut-offs of a stage.
    """
    shape = (len(THEMES), *[count + 1] * len(passed))
    cells = np.ravel_multi_index((themes, *passed), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    for axis in range(1, len(shape)):
        counts = np.flip(np.cumsum(np.flip(counts, axis), axis), axis)
    # Who passes at least one cut-off passes the first, who passes two the second: cell 0 is who passes any or none.
    survivors = counts[(slice(None), *[slice(1, None)] * len(passed))]
    return np.concatenate([survivors, survivors.sum(axis=0, keepdims=True)])
