"""What the expectations of this project measure, as metric providers of Great Expectations, for columns backed by Arrow.

Importing this module imports Great Expectations, which takes seconds.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    column_condition_partial,
    column_pair_condition_partial,
)

from sparkle_curation.spec.sample_ids import SAMPLE_ID


class ViolationIsEmpty(ColumnMapMetricProvider):
    """True where the violation is empty; null violations are not asked about."""

    condition_metric_name = "column_values.violation_is_empty"

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
        # By polars: pandas takes a regular expression's groups out row by row in Python, 3 s for a million.
        ids, themes = (pl.Series(pl.from_arrow(pa.array(column))) for column in (column_A, column_B))
        theme = ids.str.extract(f"^{SAMPLE_ID.pattern}$", 1)
        return pd.Series((theme == themes).fill_null(value=False).to_numpy(), index=column_A.index)


class NumberIsBetween(ColumnMapMetricProvider):
    """True where a number lies within its bounds, both inclusive."""

    condition_metric_name = "column_values.number_is_between"
    condition_value_keys = ("min_value", "max_value")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: Any, min_value: Any = None, max_value: Any = None, **_: Any) -> Any:  # noqa: N805
        is_enough = column >= (-math.inf if min_value is None else min_value)
        return is_enough & (column <= (math.inf if max_value is None else max_value))
