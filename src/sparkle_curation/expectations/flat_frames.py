"""The frames that suites are checked on: one row per row of a table, flat, with the columns that rules need.

Great Expectations knows no nested values, so what is asked of boxes, labels and frames is worked out first: into a
number a row, or into a finding. A finding is a text that says what is wrong, empty where nothing is, and null where
the question does not arise. ``row_columns`` looks at a row alone, ``relations`` at other tables, ``theme_figures``
at whole themes.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sparkle_curation.expectations.relations import relate
from sparkle_curation.expectations.row_columns import row_columns
from sparkle_curation.expectations.slices import collect_in_slices
from sparkle_curation.release.fields import arrow_schema
from sparkle_curation.release.tables import COLUMNS

Tables = Mapping[str, pl.LazyFrame]


def flatten(table: str, tables: Tables) -> pl.DataFrame:
    """The flat frame of one table: one row per row of it, in its order.

    Args:
        table: the table's name.
        tables: it and the tables that its suite reads.
    """
    return relate(collect_in_slices(tables[table], list(row_columns(table))), table, tables)


def flatten_schemas(tables: Tables) -> pl.DataFrame:
    """One row per column that a table has or should have: ``column, declared_type, found_type``."""
    rows = []
    for name, frame in tables.items():
        declared, found = declared_schema(name), frame.collect_schema()
        for column in dict.fromkeys([*declared, *found]):
            types = [str(schema[column]) if column in schema else "absent" for schema in (declared, found)]
            rows.append((f"{name}.{column}", *types))
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("column", "declared_type", "found_type"), pl.String), orient="row"
    )


def flatten_quarantine(quarantine: pl.LazyFrame) -> pl.DataFrame:
    """One row per piece of quarantined input: ``where`` (file and line, or byte in a tar), ``reason``."""
    place = pl.coalesce(pl.format("{}:{}", "path", "line"), pl.format("{} at byte {}", "path", "byte_offset"))
    return quarantine.select(place.alias("where"), "reason").collect()


def declared_schema(table: str) -> pl.Schema:
    """The columns that a table should have, by the descriptions in ``release.tables``."""
    empty = pl.DataFrame(pl.from_arrow(arrow_schema(COLUMNS[table]).empty_table()))
    return empty.schema


def as_declared(table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The table; an empty one in its place where its columns are not the declared ones.

    The suite ``schemas`` says so, and there is nothing more to ask of such a table.
    """
    declared = declared_schema(table)
    return frame if frame.collect_schema() == declared else pl.LazyFrame(schema=declared)
