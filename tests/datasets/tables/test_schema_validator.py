"""A table with other columns than the described ones is refused before it is written."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pyarrow as pa
import pytest
from kedro.io import DataCatalog
from kedro.validation import DataValidationError

from sparkle_curation.datasets.tables.schema_validator import TableSchemaValidator
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.errors import ValidationError
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS, COLUMNS, GROUNDING_R2

EMPTY = pl.DataFrame(pl.from_arrow(arrow_schema(ASSET_COLUMNS).empty_table()))


def stream(schema: pa.Schema) -> TableStream:
    """A stream that must not be read."""

    def give() -> Iterator[pa.Table]:
        raise AssertionError("a stream is not read to see its schema")

    return TableStream("made", schema, "f", 1, give, lambda: 0, dict)


@pytest.mark.parametrize("table", list(COLUMNS))
def test_a_described_table_passes_in_each_shape(table: str) -> None:
    """A stream, a lazy frame and a frame come back as they are."""
    schema = arrow_schema(COLUMNS[table])
    frame = pl.DataFrame(pl.from_arrow(schema.empty_table()))
    for data in (stream(schema), frame.lazy(), frame):
        assert TableSchemaValidator(table=table).validate(data) is data


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (EMPTY.drop("size"), ["column size", "no such column", "Int64"]),
        (EMPTY.with_columns(note=pl.lit("x")), ["column note", "String"]),
        (EMPTY.with_columns(pl.col("size").cast(pl.Float64)), ["column size", "Float64", "Int64"]),
        (EMPTY.select(reversed(EMPTY.columns)), ["the columns as size, offset"]),
    ],
)
def test_another_table_is_refused(frame: pl.DataFrame, words: list[str]) -> None:
    """A column that is missing, unknown, of another type or in another place is named."""
    for data in (frame, frame.lazy()):
        with pytest.raises(ValidationError) as caught:
            TableSchemaValidator(table="assets").validate(data)
        for word in ["assets", *words]:
            assert word in caught.value.format_message()


def test_a_stream_of_another_type_deep_inside_is_refused() -> None:
    """A number in a box that is 32 bits wide is another schema."""
    schema = GROUNDING_R2.schema
    place = schema.get_field_index("round1_labels")
    wrong = schema.set(place, pa.field("round1_labels", pa.list_(pa.int32())))
    with pytest.raises(ValidationError, match="round1_labels"):
        TableSchemaValidator(table="grounding_r2").validate(stream(wrong))


def test_an_unknown_table_is_reported() -> None:
    """A misspelt name in the catalog is no table."""
    with pytest.raises(ValueError, match="did you mean 'assets'"):
        TableSchemaValidator(table="asets")


def test_the_catalog_does_not_write_a_wrong_frame(tmp_path: object) -> None:
    """As an entry's ``validator``: nothing reaches the file, and the error of ours lies under Kedro's."""
    path = f"{tmp_path}/assets.parquet"
    validator = {
        "class": "sparkle_curation.datasets.TableSchemaValidator",
        "on": "save",
        "options": {"table": "assets"},
    }
    entry = {"type": "sparkle_curation.datasets.TableDataset", "filepath": path, "validator": validator}
    catalog = DataCatalog.from_config({"assets": entry})
    with pytest.raises(DataValidationError) as caught:
        catalog.save("assets", EMPTY.drop("kind"))
    assert isinstance(caught.value.__cause__, ValidationError)
    assert not catalog.exists("assets")
    catalog.save("assets", EMPTY)
    assert catalog.exists("assets")
