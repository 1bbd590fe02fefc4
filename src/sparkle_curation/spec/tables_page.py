"""The page ``docs/tables.md``, written from the descriptions of the tables.

python -m sparkle_curation.spec.tables_page > docs/tables.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from sparkle_curation.spec.codes.diff_reasons import Cause
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.codes.score_rules import ScoreRule
from sparkle_curation.spec.fields import Field, FieldType, ListOf, Struct
from sparkle_curation.spec.tables.consistency import CONSISTENCY_COLUMNS
from sparkle_curation.spec.tables.grounding_boxes import GROUNDING_BOX_COLUMNS
from sparkle_curation.spec.tables.ingested import (
    ANNOTATION_COLUMNS,
    ASSET_COLUMNS,
    JSONL_TABLES,
    QUARANTINE_COLUMNS,
    SCORE_AUDIT_COLUMNS,
)
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
from sparkle_curation.spec.tables.near_duplicates import FRAME_HASH_COLUMNS, SAMPLE_GROUP_COLUMNS
from sparkle_curation.spec.tables.preflight import PREFLIGHT_COLUMNS, PairOutcome, PairReason
from sparkle_curation.spec.tables.regroundings import REGROUNDED_TABLES
from sparkle_curation.spec.tables.rescores import RESCORED_TABLES
from sparkle_curation.spec.tables.variant import VARIANT_TABLES

_GRAINS: dict[str, tuple[str, tuple[Field, ...]]] = {
    "annotations": ("one row per sample of a theme's training CSV or metadata JSONL", ANNOTATION_COLUMNS),
    **{name: (table.grain, table.columns) for name, table in JSONL_TABLES.items()},
    "assets": ("one row per media file, loose or a tar member; a sample may be both", ASSET_COLUMNS),
    "media": ("one row per row of `assets` of the inspected kinds, broken or whole", MEDIA_COLUMNS),
    "grounding_boxes": (
        "one row per sample, grounding round, sampled frame and object, found or not",
        GROUNDING_BOX_COLUMNS,
    ),
    "quarantine": (
        "one row per piece of input that could not be read or trusted, or is odd",
        QUARANTINE_COLUMNS,
    ),
    "score_audit": (
        "one row per sample, stage, frame and violated rule of EditScore's arithmetic",
        SCORE_AUDIT_COLUMNS,
    ),
    "preflight": ("one row per sample that could be exported", PREFLIGHT_COLUMNS),
    **VARIANT_TABLES,
    "consistency": ("one row per sample with any asset", CONSISTENCY_COLUMNS),
    "frame_hashes": ("one row per sample with a first source frame or source video", FRAME_HASH_COLUMNS),
    "sample_groups": ("one row per row of `frame_hashes`", SAMPLE_GROUP_COLUMNS),
    **{
        name: ("one row per sample that has the edited asset of the stage, scored or not", columns)
        for name, columns in RESCORED_TABLES.items()
    },
    **{
        name: ("one row per sample that has the assets of the round, grounded or not", columns)
        for name, columns in REGROUNDED_TABLES.items()
    },
}


def tables_page() -> str:
    """The page as Markdown: each table's grain and columns, then the codes of quarantine, media, audit and versions."""
    parts = (_head, _tables, _reasons, _media_faults, _score_rules, _preflight, _causes)
    return "\n".join(line for part in parts for line in part()) + "\n"


def _head() -> Iterator[str]:
    yield "# Tables"
    yield ""
    yield "Made by `python -m sparkle_curation.spec.tables_page > docs/tables.md`; do not edit."
    yield "Each table is one Parquet file in `data/02_intermediate/`; `score_audit`, `preflight` and `sample_groups` lie in"
    yield f"`data/03_primary/`; {', '.join(f'`{name}`' for name in VARIANT_TABLES)} in `data/08_reporting/`."
    yield "Columns of the release keep their published names."
    yield ""


def _tables() -> Iterator[str]:
    for name, (grain, columns) in _GRAINS.items():
        yield f"## {name}"
        yield ""
        yield f"Grain: {grain}."
        yield ""
        yield "| column | type | meaning |"
        yield "|---|---|---|"
        for column in columns:
            yield from _rows(column, column.name)
        yield ""


def _rows(field: Field, path: str) -> Iterator[str]:
    null = ", or null" if field.is_optional else ""
    yield f"| `{path}` | {_shown(field.type)}{null} | {field.description}{_bounds(field)} |"
    element = field.type
    while isinstance(element, ListOf):
        path, element = f"{path}[]", element.element
    if isinstance(element, Struct):
        for member in element.fields:
            yield from _rows(member, f"{path}.{member.name}")


def _shown(field_type: FieldType) -> str:
    if isinstance(field_type, ListOf):
        return f"list of {_shown(field_type.element)}"
    return "struct" if isinstance(field_type, Struct) else field_type


def _bounds(field: Field) -> str:
    if field.minimum is None:
        return ""
    return (
        f" From {field.minimum:g} to {field.maximum:g}."
        if field.maximum is not None
        else f" {field.minimum:g} or more."
    )


def _reasons() -> Iterator[str]:
    yield "## Reason codes of the quarantine"
    yield ""
    yield "| reason | meaning | row |"
    yield "|---|---|---|"
    for reason in Reason:
        yield f"| `{reason}` | {reason.meaning} | {'kept' if reason.is_row_kept else 'quarantined'} |"


def _media_faults() -> Iterator[str]:
    yield ""
    yield "## Error codes of the media"
    yield ""
    yield "| error | meaning |"
    yield "|---|---|"
    for fault in MediaFault:
        yield f"| `{fault}` | {fault.meaning} |"


def _score_rules() -> Iterator[str]:
    yield ""
    yield "## Rules of the score audit"
    yield ""
    yield "| rule | its violation | proves an imputed value |"
    yield "|---|---|---|"
    for rule in ScoreRule:
        yield f"| `{rule}` | {rule.meaning} | {'yes' if rule.is_imputed else 'no'} |"


def _preflight() -> Iterator[str]:
    yield ""
    yield "## Outcomes and reasons of the preflight"
    yield ""
    yield "| outcome | meaning |"
    yield "|---|---|"
    for outcome in PairOutcome:
        yield f"| `{outcome}` | {outcome.meaning} |"
    yield ""
    yield "| reason | outcome | meaning |"
    yield "|---|---|---|"
    for reason in PairReason:
        yield f"| `{reason}` | `{reason.outcome}` | {reason.meaning} |"


def _causes() -> Iterator[str]:
    yield ""
    yield "## Reasons of a difference between two versions"
    yield ""
    yield "| reason | meaning |"
    yield "|---|---|"
    for cause in Cause:
        yield f"| `{cause}` | {cause.meaning} |"


if __name__ == "__main__":
    sys.stdout.write(tables_page())
