"""The guard of a table's schema, for ``validator:`` in the catalog: a wrong frame never reaches a file."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from sparkle_curation.datasets.tables.declared_tables import DECLARED_TABLES
from sparkle_curation.datasets.tables.table_dataset import Table
from sparkle_curation.engine.table_stream import PartitionedStream, TableStream
from sparkle_curation.errors import ValidationError, did_you_mean
from sparkle_curation.spec.fields import arrow_schema


class TableSchemaValidator:
    """Passes a table that has the columns described in ``release``, in their order and of their types.

    Args:
        table: the name of the description: a table of the release or about variants, ``quarantine`` or ``source_files``.
    """

    def __init__(self, *, table: str) -> None:
        if table not in DECLARED_TABLES:
            raise ValueError(
                f"no table {table}; {did_you_mean(table, DECLARED_TABLES) or ', '.join(DECLARED_TABLES)}"
            )
        self._table = table
        self._declared = _shown(arrow_schema(DECLARED_TABLES[table]))

    def validate(self, data: Table) -> Table:
        """The table as it came; nothing of it is read.

        Raises:
            ValidationError: a column is missing, unknown, in another place or of another type.
        """
        found = _schema_of(data)
        if list(found.items()) == list(self._declared.items()):
            return data
        odd = [name for name in {**self._declared, **found} if found.get(name) != self._declared.get(name)]
        name = odd[0] if odd else next(iter(found))
        raise ValidationError(
            "A table has not the columns that it should have, so it is not written",
            where=f"table {self._table}, column {name}",
            got=found.get(name, "no such column") if odd else f"the columns as {', '.join(found)}",
            allowed=self._declared.get(name, "no such column") if odd else f"{', '.join(self._declared)}",
            todo="report it: this is a defect of this project",
        )


def _schema_of(data: Table) -> Mapping[str, str]:
    if isinstance(data, TableStream | PartitionedStream):
        return _shown(data.schema)
    return {name: str(dtype) for name, dtype in data.lazy().collect_schema().items()}


def _shown(schema: pa.Schema) -> Mapping[str, str]:
    """The columns and their types in polars' words, so that a stream and a frame compare."""
    return {name: str(dtype) for name, dtype in pl.Schema(schema).items()}
