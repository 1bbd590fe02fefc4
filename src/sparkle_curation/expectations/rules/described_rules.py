"""The rules of a table that follow from the descriptions of its columns, and those on what names a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sparkle_curation.expectations.rules.foreign_keys import KNOWN_BY
from sparkle_curation.expectations.rules.rule import Kind, Rule
from sparkle_curation.expectations.rules.rule_factories import between, one_of, present, violation, worded
from sparkle_curation.spec.fields import Field, ListOf, Struct, walk
from sparkle_curation.spec.sample_ids import ID_FORM
from sparkle_curation.spec.tables.ingested import COLUMNS, JSONL_TABLES
from sparkle_curation.spec.themes import THEMES


def described_rules(table: str) -> Iterator[Rule]:
    """What the descriptions of a table's columns say: values that are there, and bounds."""
    columns = COLUMNS[table]
    for column in columns:
        yield from _rules_of_column(column)
    yield from _nested_bounds(columns)


def identity_rules(table: str) -> Iterator[Rule]:
    """What names a row: its id, its theme, that it stands once, and that its sample is known."""
    yield Rule(
        "id_names_theme",
        Kind.SAMPLE_ID,
        f"`id` is `{ID_FORM}` of the row's theme.",
        "ExpectSampleIdsToNameTheirTheme",
        {"column_A": "id", "column_B": "theme"},
    )
    yield one_of("theme_is_known", Kind.SAMPLE_ID, "`theme` is one of the dataset's.", "theme", list(THEMES))
    if table == "assets":
        meaning = "A path stands once in its tar, and once loose."
        yield violation("file_is_unique", Kind.UNIQUENESS, "ExpectFilesToStandOnce", meaning)
    else:
        yield Rule(
            "id_is_unique",
            Kind.UNIQUENESS,
            "A sample has one row.",
            "ExpectColumnValuesToBeUnique",
            {"column": "id"},
        )
    if table in KNOWN_BY:
        yield from _rules_of_foreign_keys(table)
    if table != "assets":
        meaning = "The prompt is not blank."
        yield between("prompt_says_something", Kind.PROMPT, meaning, "prompt_chars", minimum=1)


def _rules_of_column(column: Field) -> Iterator[Rule]:
    if isinstance(column.type, ListOf | Struct):
        meaning = f"Nothing is missing in `{column.name}`."
        yield violation(
            f"{column.name}_is_complete", Kind.MISSING_VALUE, "ExpectNestedValuesToBeThere", meaning
        )
        return
    if not column.is_optional:
        yield present(column.name)
    if column.minimum is not None:
        yield _in_range(f"{column.name}_in_range", column.name, column)


def _nested_bounds(columns: tuple[Field, ...]) -> Iterator[Rule]:
    """The bounds of numbers inside objects, and of the smallest and largest of those inside lists."""
    for path, field in walk(columns):
        name = path.removeprefix("$.")
        is_listed = "[...]" in name or isinstance(field.type, ListOf)
        if field.minimum is None or (name == field.name and not is_listed):
            continue
        if not is_listed:
            yield _in_range(f"{name}_in_range", name, field)
            continue
        yield _in_range(f"lowest_{name}_in_range", f"lowest {name}", replace(field, maximum=None))
        if field.maximum is not None:
            yield _in_range(f"highest_{name}_in_range", f"highest {name}", replace(field, minimum=None))


def _in_range(name: str, column: str, field: Field) -> Rule:
    meaning = f"`{column}` is {worded(field.minimum, field.maximum)}."
    return between(name, Kind.RANGE, meaning, column, field.minimum, field.maximum)


def _rules_of_foreign_keys(table: str) -> Iterator[Rule]:
    """The foreign keys: the sample is known, and where it was not released, keeps its prompt."""
    tables = list(KNOWN_BY[table])
    yield violation(
        "sample_is_known",
        Kind.KNOWN_SAMPLE,
        "ExpectSamplesToBeKnown",
        f"The sample is in {' or '.join(tables)}.",
        known_by=tables,
    )
    if table in JSONL_TABLES:
        yield violation(
            "prompt_is_repeated",
            Kind.PROMPT,
            "ExpectPromptsToSayTheSame",
            "A candidate that the annotations lack has the prompt that the step before gives it.",
        )
