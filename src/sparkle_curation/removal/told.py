"""What a removal tells: its plan, line by line and as a table, and what it could not do."""

from __future__ import annotations

import logging
from pathlib import Path

import polars as pl

from sparkle_curation.errors import FileError
from sparkle_curation.removal.plan import Action, Failed, Step

logger = logging.getLogger(__name__)

PLAN_COLUMNS = {
    "place": pl.String,
    "action": pl.String,
    "reason": pl.String,
    "file_count": pl.Int64,
    "row_count": pl.Int64,
    "size_bytes": pl.Int64,
    "is_done": pl.Boolean,
}
"""The columns of the plan, one row per folder and action."""


def tell_plan(root: Path, steps: list[Step]) -> None:
    """Log what goes, a line for each step."""
    for step in steps:
        what = f"{step.rows:,} rows" if step.action is Action.ROWS else step.action.value
        unknown = (
            f", {step.unknown:,} of them of nobody known: of other code, or since before owners were noted"
            if step.unknown
            else ""
        )
        again = f"; made again by kedro run --pipelines {step.made_by}" if step.made_by else ""
        logger.info("goes: %s: %s (%s)%s%s", step.path.relative_to(root), what, step.reason, unknown, again)


def plan_rows(root: Path, steps: list[Step], *, is_done: bool) -> list[tuple[object, ...]]:
    """The steps by their folder: a path may name a sample, its first two folders do not."""
    rows = [
        (
            "/".join(step.path.relative_to(root).parts[:-1][:2]),
            step.action.value,
            step.reason,
            step.rows,
            step.size_bytes,
        )
        for step in steps
    ]
    table = pl.DataFrame(rows, schema=["place", "action", "reason", "rows", "size"], orient="row")
    if table.is_empty():
        return []
    summed = table.group_by("place", "action", "reason", maintain_order=True).agg(
        pl.len().cast(pl.Int64), pl.col("rows").sum(), pl.col("size").sum()
    )
    return [(*row, is_done) for row in summed.iter_rows()]


def check_done(failed: list[Failed]) -> None:
    """Nothing, where every step was done."""
    if not failed:
        return
    first = failed[0]
    further = f"; so were {len(failed) - 1:,} more" if len(failed) > 1 else ""
    raise FileError(
        "The removal is not complete: a file or folder could not be changed, and tells of the clip as before",
        where=first.step.path,
        got=f"{first.fault}{further}",
        allowed="files that can be written and removed, and room for the longest of them",
        todo="see its permissions (chmod u+w, chattr -i), whether its disk can be written to and has room; then give the "
        "same command again, which goes on where it stopped",
    )
