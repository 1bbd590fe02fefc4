"""Decisions by hand for tests."""

from __future__ import annotations

import polars as pl

from sparkle_curation.filtering.overrides.decisions import OVERRIDE_COLUMNS


def decision(
    key: str, annotator: str, word: str = "drop", reason: str = "", bound_to: str = ""
) -> dict[str, str]:
    """One decision."""
    return dict(zip(OVERRIDE_COLUMNS, (key, word, reason, annotator, bound_to), strict=True))


def frame(*decisions: dict[str, str]) -> pl.DataFrame:
    """Decisions as a frame."""
    return pl.DataFrame(decisions, schema=dict.fromkeys(OVERRIDE_COLUMNS, pl.String))
