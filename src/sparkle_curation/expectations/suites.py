"""The suites: one a table, built from the descriptions of its columns, and three beside the tables.

Beside them stand ``schemas`` (one row per column), ``quarantine`` (one row per quarantined piece of input) and
``release`` (one row per theme).
"""

from __future__ import annotations

from sparkle_curation.expectations.bounds import Bounds
from sparkle_curation.expectations.release_rules import quarantine_rules, release_rules, schema_rules
from sparkle_curation.expectations.rules import Severities, Suite
from sparkle_curation.expectations.table_rules import KNOWN_BY, table_rules
from sparkle_curation.release.stages import STAGES
from sparkle_curation.release.tables import COLUMNS, EDITED_FRAME0_SCORES, EDITED_VIDEO_SCORES

SUITE_NAMES: tuple[str, ...] = ("schemas", *COLUMNS, "quarantine", "release")
"""All suites, in the order in which they are run."""

_READS: dict[str, tuple[str, ...]] = {
    # Whether a sample passed and what a theme has is asked of all tables.
    "annotations": tuple(COLUMNS),
    EDITED_FRAME0_SCORES.name: (EDITED_FRAME0_SCORES.name,),
    **{name: (name, *known_by) for name, known_by in KNOWN_BY.items()},
    EDITED_VIDEO_SCORES.name: ("annotations", *(stage.table for stage in STAGES)),
}
"""Table -> the tables that its rules look at; a change of another one leaves its result as it is."""


def build_suites(bounds: Bounds, severities: Severities) -> dict[str, Suite]:
    """All suites by name, in the order in which they are run."""
    keys = {"schemas": "column", "assets": "path", "quarantine": "where", "release": "theme"}
    rules = {
        "schemas": schema_rules(),
        **{name: table_rules(name) for name in COLUMNS},
        "quarantine": quarantine_rules(),
        "release": release_rules(bounds),
    }
    return {
        name: Suite(
            name, keys.get(name, "id"), tuple(rules[name]), severities, _READS.get(name, tuple(COLUMNS))
        )
        for name in SUITE_NAMES
    }
