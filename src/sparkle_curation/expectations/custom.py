"""The expectations of this project's own, as classes of Great Expectations.

Importing this module imports Great Expectations, which takes seconds: only ``expectations.checking`` and
``expectations.data_docs`` do so, inside the functions that need it.

A class says in ``statement`` what it expects; Data Docs show that sentence. Most look at a column of findings
(see ``flat_frames``): a finding that is not empty is unexpected, one that is null was not asked for.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import great_expectations.expectations as gxe
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation, ColumnPairMapExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    column_condition_partial,
    column_pair_condition_partial,
)
from great_expectations.render import (
    LegacyDiagnosticRendererType,
    LegacyRendererType,
    RenderedStringTemplateContent,
    RenderedTableContent,
)
from great_expectations.render.renderer.renderer import renderer
from great_expectations.render.renderer_configuration import RendererConfiguration, RendererValueType

from sparkle_curation.release.sample_ids import ID_DIGITS, SAMPLE_ID


class FindingIsEmpty(ColumnMapMetricProvider):
    """True where the finding is empty; null findings are not asked about."""

    condition_metric_name = "column_values.finding_is_empty"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: Any, **_: Any) -> Any:  # noqa: N805 -- the decorator hands in the class
        return column == ""


class ReasonIsAnother(ColumnMapMetricProvider):
    """True where a row of the quarantine is there for another reason."""

    condition_metric_name = "column_values.reason_is_another"
    condition_value_keys = ("reason",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: Any, reason: str, **_: Any) -> Any:  # noqa: N805
        return column != reason


class IdNamesTheme(ColumnPairMapMetricProvider):
    """True where the first column is a sample id of the theme in the second."""

    condition_metric_name = "column_pair_values.id_names_theme"
    condition_domain_keys = ("batch_id", "table", "column_A", "column_B", "ignore_row_if")
    condition_value_keys = ()

    @column_pair_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column_A: Any, column_B: Any, **_: Any) -> Any:  # noqa: N803, N805
        # Sliced, not extracted: a regular expression's groups are taken out row by row in Python.
        theme = column_A.str.slice(len("Sparkle_"), -(ID_DIGITS + 1))
        return (column_A.str.fullmatch(SAMPLE_ID.pattern) & (theme == column_B)).fillna(value=False)


class NumberIsBetween(ColumnMapMetricProvider):
    """True where a number lies within its bounds, both inclusive."""

    condition_metric_name = "column_values.number_is_between"
    condition_value_keys = ("min_value", "max_value")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: Any, min_value: Any = None, max_value: Any = None, **_: Any) -> Any:  # noqa: N805
        is_enough = column >= (-math.inf if min_value is None else min_value)
        return is_enough & (column <= (math.inf if max_value is None else max_value))


class Stated:
    """How the expectations of this project are shown: their statement, then ids beside what was found."""

    statement: ClassVar[str]

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: RendererConfiguration) -> RendererConfiguration:
        """The statement, for the table of contents and for text."""
        for name, value in (renderer_configuration.kwargs or {}).items():
            renderer_configuration.add_param(
                name=name, param_type=RendererValueType.STRING, value=_shown(value)
            )
        renderer_configuration.template_str = cls.statement
        return renderer_configuration

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls, configuration: ExpectationConfiguration | None = None, **_: Any
    ) -> list[RenderedStringTemplateContent]:
        """The statement, for a page of Data Docs."""
        options = configuration.kwargs if configuration else {}
        params = {name: _shown(value) for name, value in options.items()}
        template = {"template": cls.statement, "params": params}
        return [RenderedStringTemplateContent(content_block_type="string_template", string_template=template)]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_TABLE)
    def _diagnostic_unexpected_table_renderer(
        cls, result: Any = None, **_: Any
    ) -> list[RenderedTableContent] | None:
        """The first few rows at fault: what names the row, and what was found."""
        rows = result.result.get("partial_unexpected_index_list") if result else None
        if not rows:
            return None
        return [
            RenderedTableContent(
                content_block_type="table",
                header_row=list(rows[0]),
                table=[[str(value) for value in row.values()] for row in rows],
                styling={"body": {"classes": ["table-bordered", "table-sm", "mt-3"]}},
            )
        ]


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


class ExpectSampleIdsToNameTheirTheme(Stated, ColumnPairMapExpectation):
    """Expect every id to be ``Sparkle_{theme}_{6 digits}`` of its row's theme."""

    ignore_row_if: str = "neither"
    map_metric = "column_pair_values.id_names_theme"
    success_keys = ("column_A", "column_B", "ignore_row_if", "mostly")
    statement: ClassVar[str] = "Every $column_A is Sparkle_, the $column_B of its row, and six digits."


class ExpectNumbersToBeBetween(gxe.ExpectColumnValuesToBeBetween):
    """Expect numbers within bounds: the parent compares row by row in Python, 0.2 s for 140K rows, this at once."""

    map_metric = "column_values.number_is_between"


class ExpectNothingQuarantined(Stated, ColumnMapExpectation):
    """Expect no piece of input to be in the quarantine for a reason."""

    reason: str
    meaning: str
    map_metric = "column_values.reason_is_another"
    success_keys = ("reason", "mostly")
    statement: ClassVar[str] = "Nothing is quarantined for $reason: $meaning"


class _FindingExpectation(Stated, ColumnMapExpectation):
    """Expect every finding of a column to be empty."""

    map_metric = "column_values.finding_is_empty"


class ExpectSamplesToBeKnown(_FindingExpectation):
    """Expect each sample to be known to an earlier step."""

    known_by: list[str]
    statement: ClassVar[str] = "Every sample is in $known_by."


class ExpectPromptsToSayTheSame(_FindingExpectation):
    """Expect a candidate that was not released to keep the prompt that the step before gave it."""

    statement: ClassVar[str] = (
        "Every candidate that the annotations lack has the same prompt as in the step before."
    )


class ExpectSamplesInBothFiles(_FindingExpectation):
    """Expect each sample in the training CSV and in the metadata."""

    statement: ClassVar[str] = "Every sample is in its theme's training CSV and in its metadata."


class ExpectPathsToNameTheirSample(_FindingExpectation):
    """Expect a path to be the one that the layout gives the sample."""

    statement: ClassVar[str] = (
        "Every path is the one that the layout of the release gives its sample ($column)."
    )


class ExpectPathsToResolve(_FindingExpectation):
    """Expect both videos of a sample among the assets."""

    statement: ClassVar[str] = (
        "Both videos of every sample are among the assets, where those of its theme were ingested."
    )


class ExpectKeywords(_FindingExpectation):
    """Expect ``subtheme: scene``, and no keyword for openve3m."""

    statement: ClassVar[str] = "Every chosen_keyword is `subtheme: scene`; openve3m alone has none."


class ExpectReleasedSamplesToBeScored(_FindingExpectation):
    """Expect each released sample in all tables of scores and groundings."""

    statement: ClassVar[str] = (
        "Every released sample is in each table of scores and groundings that has its theme."
    )


class ExpectReleasedSamplesToPass(_FindingExpectation):
    """Expect each released sample to reach the published cut-offs."""

    cut_offs: dict[str, float]
    statement: ClassVar[str] = "Every released sample reaches the published cut-offs: $cut_offs."


class ExpectPassingSamplesToBeReleased(_FindingExpectation):
    """Expect each sample that reaches the published cut-offs to be released."""

    statement: ClassVar[str] = "Every sample that reaches the published cut-offs is in the annotations."


class ExpectFramesInTimeOrder(_FindingExpectation):
    """Expect rising frame indices that leave out frame 0."""

    statement: ClassVar[str] = "The scored frames stand in time order, and frame 0 is not among them."


class ExpectBoxesToLieInTheFrame(_FindingExpectation):
    """Expect boxes of four numbers in 0-1000 with corners in order, or empty ones."""

    statement: ClassVar[str] = (
        "Every box is empty or [x1, y1, x2, y2] in 0-1000 with x1 < x2 and y1 < y2 ($column)."
    )


class ExpectLabelsOfRoundOne(_FindingExpectation):
    """Expect the labels of objects among those that round 1 named."""

    statement: ClassVar[str] = "Every label is one of round1_labels ($column)."


class ExpectRoundOneToBeRepeated(_FindingExpectation):
    """Expect the second grounding to repeat the labels of the first."""

    statement: ClassVar[str] = "The round1_labels of every sample are those of grounding_r1."


def expectation_class(name: str) -> Any:
    """The expectation class of a name: one of this module, or of Great Expectations."""
    return globals().get(name) or getattr(gxe, name)
