"""What a curation exports, ingest reads as the same annotations."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.made.tables import annotation_tables, assets, known, table

from sparkle_curation.datasets.variant.kiwi_edit_dataset import KiwiEditDataset
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.ingest.csv.annotations import ingest_annotations
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.curation.steps import compose_variant, look_up_prompts
from sparkle_curation.variant.export import VARIANT_COLUMNS, Variant

extras = st.dictionaries(
    st.sampled_from(["$.note", "$.metadata.weight", "$.metadata.a key"]),
    st.integers(-9, 9) | st.floats(-1, 1) | st.text(st.characters(codec="utf-8"), max_size=3),
    min_size=1,
)


def ingested(release: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The annotations of a release, and what of it is in the quarantine."""
    reading = ingest_annotations(ReleaseFiles(str(release)))
    return collected(reading.rows), collected(reading.quarantined)


def collected(stream: TableStream) -> pl.DataFrame:
    """All pieces of a stream as one frame."""
    pieces = pa.concat_tables([stream.schema.empty_table(), *stream.batches()])
    return pl.DataFrame(pl.from_arrow(pieces))


def comparable(samples: pl.DataFrame) -> pl.DataFrame:
    """The samples by theme, with their extra members in one spelling."""
    spelt = [
        json.dumps(json.loads(text), sort_keys=True) if text else None for text in samples["extra_fields"]
    ]
    return (
        samples.with_columns(pl.Series("extra_fields", spelt, pl.String))
        .sort(pl.col("theme").cast(pl.Enum(THEMES)), maintain_order=True)
        .select(VARIANT_COLUMNS)
    )


@settings(max_examples=40)  # each reads a release from disk
@given(annotation_tables(), st.data())
def test_exported_annotations_are_ingested_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, annotations: pl.DataFrame, data: st.DataObject
) -> None:
    """Every exported sample comes back with its prompt, paths, metadata and extra members; none is quarantined."""
    texts = [
        json.dumps(data.draw(extras)) if has_metadata and data.draw(st.booleans()) else None
        for has_metadata in annotations["metadata_line"].is_not_null()
    ]
    annotations = annotations.with_columns(pl.Series("extra_fields", texts, pl.String))
    is_released = annotations["csv_line"].is_not_null()
    noted_alone = annotations.filter(~is_released)["id"].to_list()
    kept = pl.concat(
        [known(*annotations.filter(is_released)["id"]), known(*sorted(noted_alone), released=False)]
    )
    seen = assets(*((key, kind) for key in noted_alone for kind in ("source_video", "edited_video")))
    prompts = look_up_prompts(kept, annotations, *(table(name) for name in JSONL_TABLES))
    exported, _ = compose_variant(kept, annotations, prompts, seen, None)
    release = tmp_path_factory.mktemp("release")
    KiwiEditDataset(filepath=str(release)).save(Variant(exported, {}, annotations=annotations))
    if exported.is_empty():
        return
    read, quarantine = ingested(release)
    assert set(quarantine["reason"]) <= {Reason.UNKNOWN_FIELD.value}
    metadata = annotations.select("id", *(name for name in VARIANT_COLUMNS if name not in exported.columns))
    described = exported.join(metadata, on="id", how="left", maintain_order="left")
    assert_frame_equal(comparable(read), comparable(described))
    expected = annotations.filter(is_released)
    assert_frame_equal(comparable(read.join(expected, on="id", how="semi")), comparable(expected))
