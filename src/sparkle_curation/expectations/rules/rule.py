"""A rule of a suite: what is expected of which columns, of which kind, and in words.

Plain data, so that a suite can be compared with the one that a stored result was made by without importing
Great Expectations, which takes seconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from sparkle_curation.spec.codes.code import Code

Severity = Literal["critical", "warning"]
Severities = Mapping[str, Severity]
"""The severity of each kind, by its name."""


class Kind(Code):
    """What a rule is about; ``meaning`` says what its rules do. The severity of a kind is a parameter."""

    # what ingestion promises
    COLUMNS = "columns", "A table has its columns, each of its type."
    MISSING_VALUE = "missing_value", "A required value is there."
    RANGE = "range", "A number lies within its bounds."
    SAMPLE_ID = "sample_id", "A sample id follows the grammar and names the theme of its file."
    UNIQUENESS = "uniqueness", "A row stands once."
    DERIVED_VALUE = "derived_value", "A value that we computed is the one that its sources give."
    # what a release may get wrong
    KNOWN_SAMPLE = "known_sample", "A row belongs to a sample that an earlier step knows."
    RELEASED_SAMPLE = (
        "released_sample",
        "The annotations hold the samples that passed every stage, and no others.",
    )
    PROMPT = "prompt", "A prompt says something, and the same in every file."
    KEYWORD = "keyword", "The metadata and groundings name theme and keyword as the card says."
    FRAMES = "frames", "Four frames in time order are scored; a grounding has frames."
    BOXES = "boxes", "A box is empty or has four numbers in 0-1000, corners in order, and stands once."
    LABELS = "labels", "Objects carry the labels of round 1."
    PATHS = "paths", "A path is the one that the layout gives its sample, and a file lies there."
    FILES_AGREE = "files_agree", "A theme's training CSV and metadata hold the same samples."
    THEMES = "themes", "All themes are there."
    SCORE_DISTRIBUTION = "score_distribution", "Mean and spread of a stage's scores are plausible."
    EMPTY_BOXES = "empty_boxes", "The model found most of what it was asked for."
    QUARANTINED = "quarantined", "Nothing of the input is in the quarantine."
    QUARANTINED_SHARE = "quarantined_share", "Hardly anything of a theme is in the quarantine."


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite.

    Attributes:
        name: unique in its suite.
        kind: what it is about.
        meaning: what must hold, as a sentence.
        expectation: name of the class, of ``expectations.custom`` or of Great Expectations.
        options: its arguments.
    """

    name: str
    kind: Kind
    meaning: str
    expectation: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """The columns that it looks at."""
        return [self.options[key] for key in ("column", "column_A", "column_B") if key in self.options]


@dataclass(frozen=True)
class Suite:
    """The rules of one table.

    Attributes:
        name: the table, or what is checked beside the tables.
        key: the column that names a row to a person.
        rules: the rules, in the order in which they are shown.
        severities: the severity of each kind.
        reads: the tables whose content the rules depend on.
    """

    name: str
    key: str
    rules: tuple[Rule, ...]
    severities: Severities
    reads: tuple[str, ...]

    def severity(self, rule: Rule) -> Severity:
        """The severity of one of its rules."""
        return self.severities[rule.kind]

    @property
    def columns(self) -> list[str]:
        """The columns that its rules look at, each once."""
        return list(dict.fromkeys(name for rule in self.rules for name in rule.columns))

    @cached_property
    def digest(self) -> str:
        """Changes when a rule, an argument or a severity does."""
        facts: list[object] = [self.name, self.key]
        facts += [
            [rule.name, rule.kind, rule.meaning, rule.expectation, dict(rule.options), self.severity(rule)]
            for rule in self.rules
        ]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def fingerprint(self, contents: Mapping[str, str], code: str) -> str:
        """A digest of the suite, of the fingerprints of the tables it reads and of code: equal, then equal results.

        Args:
            contents: the fingerprints, by the table's name.
            code: a digest of the code that checks.
        """
        facts: Sequence[str] = [self.digest, code, *(f"{name} {contents[name]}" for name in self.reads)]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()
