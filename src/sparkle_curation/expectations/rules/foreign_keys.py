"""Which tables know the samples of which."""

from __future__ import annotations

from itertools import pairwise

from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.ingested import COLUMNS, GROUNDING_R1, GROUNDING_R2

_FIRST, _LAST = (STAGES[0].table, STAGES[-1].table) if STAGES else ("annotations", "annotations")

KNOWN_BY: dict[str, tuple[str, str]] = {
    **{stage.table: ("annotations", before.table) for before, stage in pairwise(STAGES)},
    GROUNDING_R1.name: ("annotations", _FIRST),
    GROUNDING_R2.name: ("annotations", GROUNDING_R1.name),
    "assets": ("annotations", _FIRST),
}
"""Table -> the tables of which one must know its samples.

The annotations hold what passed every stage, the step before also what was rejected later. The first stage is where a
sample is first heard of, so it has no entry.
"""

READS: dict[str, tuple[str, ...]] = {
    # Whether a sample passed and what a theme has is asked of all tables.
    "annotations": tuple(COLUMNS),
    **({_FIRST: (_FIRST,)} if STAGES else {}),
    **{name: (name, *known_by) for name, known_by in KNOWN_BY.items()},
    **({_LAST: ("annotations", *(stage.table for stage in STAGES))} if STAGES else {}),
}
"""Table -> the tables that its rules look at; a change of another one leaves its result as it is."""
