"""The suites: one a table, built from the descriptions of its columns, and three beside the tables.

Beside them stand ``schemas`` (one row per column), ``quarantine`` (one row per quarantined piece of input) and
``release`` (one row per theme).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from sparkle_curation.expectations.rules.described_rules import described_rules, identity_rules
from sparkle_curation.expectations.rules.foreign_keys import READS
from sparkle_curation.expectations.rules.release_rules import (
    Bounds,
    quarantine_rules,
    release_rules,
    schema_rules,
)
from sparkle_curation.expectations.rules.rule import Rule, Severities, Suite
from sparkle_curation.expectations.rules.table_rules import own_rules
from sparkle_curation.spec.tables.ingested import COLUMNS

SUITE_NAMES: tuple[str, ...] = ("schemas", *COLUMNS, "quarantine", "release")
"""All suites, in the order in which they are shown."""

_KEYS = {"schemas": "column", "assets": "file", "quarantine": "where", "release": "theme"}
"""Suite -> the column that names a row to a person; ``id`` where it is not here."""


def build_suites(bounds: Bounds, severities: Severities) -> dict[str, Suite]:
    """All suites by name, in the order in which they are shown."""
    rules: dict[str, Iterator[Rule]] = {
        "schemas": schema_rules(),
        **{name: chain(described_rules(name), identity_rules(name), own_rules(name)) for name in COLUMNS},
        "quarantine": quarantine_rules(),
        "release": release_rules(bounds),
    }
    return {
        name: Suite(
            name, _KEYS.get(name, "id"), tuple(rules[name]), severities, READS.get(name, tuple(COLUMNS))
        )
        for name in SUITE_NAMES
    }
