"""The expectations of this project's own, as classes of Great Expectations.

Importing this module imports Great Expectations, which takes seconds: only ``expectations.checking`` does so, inside
the function that needs it.

Most look at a column of violations (see ``violations``): a violation that is not empty is unexpected, one that is null was
not asked for. They differ in what they are called, which stored reports show.
"""

from __future__ import annotations

from typing import Any

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import ColumnMapExpectation, ColumnPairMapExpectation

import sparkle_curation.expectations.metrics  # noqa: F401 -- registers them by their names


class ExpectSampleIdsToNameTheirTheme(ColumnPairMapExpectation):
    """Expect every id to be of the dataset's form and its row's theme."""

    ignore_row_if: str = "neither"
    map_metric = "column_pair_values.id_names_theme"
    success_keys = ("column_A", "column_B", "ignore_row_if", "mostly")


class ExpectNumbersToBeBetween(gxe.ExpectColumnValuesToBeBetween):
    """Expect numbers within bounds: the parent compares row by row in Python, 0.2 s for 140K rows, this at once."""

    map_metric = "column_values.number_is_between"


class ExpectNothingQuarantined(ColumnMapExpectation):
    """Expect no piece of input to be in the quarantine for a reason."""

    reason: str
    map_metric = "column_values.reason_is_another"
    success_keys = ("reason", "mostly")


class ViolationExpectation(ColumnMapExpectation):
    """Expect every violation of a column to be empty."""

    map_metric = "column_values.violation_is_empty"


class ExpectNestedValuesToBeThere(ViolationExpectation):
    """Expect nothing required to be absent inside objects and lists."""


class ExpectFilesToStandOnce(ViolationExpectation):
    """Expect no file of assets to be listed twice."""


class ExpectSamplesToBeKnown(ViolationExpectation):
    """Expect each sample to be known to an earlier step."""

    known_by: list[str]


class ExpectPromptsToSayTheSame(ViolationExpectation):
    """Expect a candidate that was not released to keep the prompt that the step before gave it."""


class ExpectSamplesInBothFiles(ViolationExpectation):
    """Expect each sample in the training CSV and in the metadata."""


class ExpectPathsToNameTheirSample(ViolationExpectation):
    """Expect a path to be the one that the layout gives the sample."""


class ExpectPathsToResolve(ViolationExpectation):
    """Expect both videos of a sample among the assets."""


class ExpectKeywords(ViolationExpectation):
    """Expect ``subtheme: scene``, and no keyword for openve3m."""


class ExpectReleasedSamplesToBeScored(ViolationExpectation):
    """Expect each released sample in all tables of scores and groundings."""


class ExpectReleasedSamplesToPass(ViolationExpectation):
    """Expect each released sample to reach the published thresholds."""

    thresholds: dict[str, float]


class ExpectPassingSamplesToBeReleased(ViolationExpectation):
    """Expect each sample that reaches the published thresholds to be released."""


class ExpectFramesInTimeOrder(ViolationExpectation):
    """Expect rising frame indices that leave out frame 0."""


class ExpectBoxesToLieInTheFrame(ViolationExpectation):
    """Expect boxes of four numbers in 0-1000 with corners in order, or empty ones, and each once."""


class ExpectLabelsOfRoundOne(ViolationExpectation):
    """Expect the labels of objects among those that round 1 named."""


class ExpectRoundOneToBeRepeated(ViolationExpectation):
    """Expect the second grounding to repeat the labels of the first."""


def expectation_class(name: str) -> Any:
    """The expectation class of a name: one of this module, or of Great Expectations."""
    return globals().get(name) or getattr(gxe, name)
