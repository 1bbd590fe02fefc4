"""The frames that suites are checked on: one row per row of a table, flat, with the columns that rules need.

Great Expectations knows no nested values, so what is asked of boxes, labels and frames is worked out here: into a
number a row (``frame_count``, ``lowest editscore[...].O_score``), or into a violation (see ``violations``).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import polars.selectors as cs

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.expectations.columns.relations import Tables, relation_columns
from sparkle_curation.expectations.columns.row_columns import row_columns
from sparkle_curation.expectations.columns.slices import Slices, slices_of
from sparkle_curation.expectations.columns.theme_figures import theme_figures
from sparkle_curation.spec.tables.ingested import COLUMNS, GROUNDING_R1, GROUNDING_R2

_GROUNDINGS = (GROUNDING_R1.name, GROUNDING_R2.name)
_AS_TEXT = ("id", "theme", "file")
"""Texts that are looked up in other tables, or name a row."""
_BOXES = ("theme", "box_count", "empty_box_count")


def flatten(table: str, tables: Tables, slices: Slices | None = None) -> pl.DataFrame:
    """The flat frame of one table: one row per row of it, in its order.

    Args:
        table: the table's name.
        tables: it and the tables that its suite reads.
        slices: its rows where they can be had for less than ``tables`` gives them; members of objects that are known
            to be there, and that no rule looks at, may be left out.
    """
    rows = slices() if slices else slices_of(tables[table])
    flat = pl.concat(_narrow(row_columns(table, each)) for each in rows)
    return flat.hstack(relation_columns(table, flat, tables))


def _narrow(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with texts that hardly differ as categories: most violations are empty, and text takes 16 bytes each."""
    return rows.with_columns((cs.string() - cs.by_name(*_AS_TEXT, require_all=False)).cast(pl.Categorical))


class FlatFrames:
    """The flat frames of the tables, and of each theme as a whole; what both need of a grounding is kept.

    Args:
        tables: all of them.
        slices: of some, what ``flatten`` is to have in their place.
        quarantine: that of all tables.
    """

    def __init__(self, tables: Tables, slices: Mapping[str, Slices], quarantine: pl.LazyFrame) -> None:
        self._tables, self._slices, self._quarantine = tables, slices, quarantine
        self._boxes: dict[str, pl.DataFrame] = {}

    def of(self, table: str) -> pl.DataFrame:
        """The flat frame of one table."""
        flat = flatten(table, self._tables, self._slices.get(table))
        if table in _GROUNDINGS:
            # A frame of its own, so that the other columns are let go.
            self._boxes[table] = flat.select(_BOXES)
        return flat

    def of_themes(self) -> pl.DataFrame:
        """The figures of each theme."""
        for table in _GROUNDINGS:
            if table not in self._boxes:
                self.of(table)
        boxes = pl.concat(self._boxes[table] for table in _GROUNDINGS)
        return theme_figures(self._tables, boxes, self._quarantine)


def flatten_schemas(tables: Tables) -> pl.DataFrame:
    """One row per column that a table has or should have: ``column, declared_type, found_type``."""
    rows = []
    for name, frame in tables.items():
        declared, found = declared_schema(name), frame.collect_schema()
        for column in dict.fromkeys([*declared, *found]):
            types = [str(schema[column]) if column in schema else "absent" for schema in (declared, found)]
            rows.append((f"{name}.{column}", *types))
    schema = dict.fromkeys(("column", "declared_type", "found_type"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def flatten_quarantine(quarantine: pl.LazyFrame) -> pl.DataFrame:
    """One row per piece of quarantined input: ``where`` (file and line, or byte in a tar), ``reason``."""
    place = pl.coalesce(pl.format("{}:{}", "path", "line"), pl.format("{} at byte {}", "path", "byte_offset"))
    return quarantine.select(place.alias("where"), "reason").collect()


def declared_schema(table: str) -> pl.Schema:
    """The columns that a table should have, by the descriptions in ``spec.tables.ingested``."""
    return frame_schema(COLUMNS[table])


def as_declared(table: str, frame: pl.LazyFrame) -> pl.LazyFrame:
    """The table; an empty one in its place where its columns are not the declared ones.

    The suite ``schemas`` says so, and there is nothing more to ask of such a table.
    """
    declared = declared_schema(table)
    return frame if frame.collect_schema() == declared else pl.LazyFrame(schema=declared)
