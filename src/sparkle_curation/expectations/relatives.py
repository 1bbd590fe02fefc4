"""Which tables know the samples of which."""

from __future__ import annotations

from sparkle_curation.release.stages import STAGES
from sparkle_curation.release.tables import (
    COLUMNS,
    EDITED_FRAME0_SCORES,
    EDITED_VIDEO_SCORES,
    FOREGROUND_REMOVED_SCORES,
    GROUNDING_R1,
    GROUNDING_R2,
)

KNOWN_BY: dict[str, tuple[str, str]] = {
    FOREGROUND_REMOVED_SCORES.name: ("annotations", EDITED_FRAME0_SCORES.name),
    EDITED_VIDEO_SCORES.name: ("annotations", FOREGROUND_REMOVED_SCORES.name),
    GROUNDING_R1.name: ("annotations", EDITED_FRAME0_SCORES.name),
    GROUNDING_R2.name: ("annotations", GROUNDING_R1.name),
    "assets": ("annotations", EDITED_FRAME0_SCORES.name),
}
"""Table -> the tables of which one must know its samples.

The annotations hold what passed every stage, the step before also what was rejected later. ``edited_frame0_scores``
is where a sample is first heard of, so it has no entry.
"""

READS: dict[str, tuple[str, ...]] = {
    # Whether a sample passed and what a theme has is asked of all tables.
    "annotations": tuple(COLUMNS),
    EDITED_FRAME0_SCORES.name: (EDITED_FRAME0_SCORES.name,),
    **{name: (name, *known_by) for name, known_by in KNOWN_BY.items()},
    EDITED_VIDEO_SCORES.name: ("annotations", *(stage.table for stage in STAGES)),
}
"""Table -> the tables that its rules look at; a change of another one leaves its result as it is."""
