"""The tables of the benchmark: its samples, what it shares with the release, and what models made of it."""

from __future__ import annotations

from sparkle_curation.spec.codes.bench_reasons import Likeness, OutputState
from sparkle_curation.spec.fields import Field, ListOf
from sparkle_curation.spec.sample_ids import ID_FORM
from sparkle_curation.spec.tables.ingested import QUARANTINE_COLUMNS

SAMPLE_ID = Field("sample_id", "string", f"Id of the sample of the benchmark, `{ID_FORM}`.")
THEME = Field("theme", "string", "Theme of the sample.")
MODEL = Field("model", "string", "Name of the model among `bench_models`.")

_FACTS: tuple[Field, ...] = (
    Field("frames", "int32", "Frames of the video; null where it is not there or broken.", is_optional=True),
    Field("fps", "float64", "Frames a second.", is_optional=True),
    Field("width", "int32", "Width in pixels, as it is shown.", is_optional=True),
    Field("height", "int32", "Height in pixels, as it is shown.", is_optional=True),
    Field("content_hash", "string", "xxh3-128 of all bytes of the file.", is_optional=True),
)

BENCH_SAMPLE_COLUMNS: tuple[Field, ...] = (
    SAMPLE_ID,
    THEME,
    Field("subtheme", "string", "What stands before the separator of `chosen_keyword`.", is_optional=True),
    Field("scene", "string", "What stands behind its first separator.", is_optional=True),
    Field("scene_key", "string", "The scene as a name that is safe in a path.", is_optional=True),
    Field("chosen_keyword", "string", "As the metadata have it.", is_optional=True),
    Field("edit_prompt", "string", "The CSV's prompt."),
    Field("metadata_prompt", "string", "The prompt of the metadata; null without.", is_optional=True),
    Field("original_scene", "string", "Description of the first source frame.", is_optional=True),
    Field("source_path", "string", "Path of the source video, from the benchmark's root."),
    Field(
        "ref_image_path",
        "string",
        "Path of the image of the new background; null where it is not there, or broken.",
        is_optional=True,
    ),
    Field(
        "output_path",
        "string",
        "Where a model's edited video should lie, from the folder of that model; null where the scene is unknown.",
        is_optional=True,
    ),
    *_FACTS,
    Field(
        "index_hash",
        "string",
        "xxh3-128 of the source's size and index, equal for copies of one file.",
        is_optional=True,
    ),
    Field(
        "source_error",
        "string",
        "Why the source is broken, as a code of the media, or `missing`; null when it is whole.",
        is_optional=True,
    ),
    Field("annotation_row", "int32", "Row of the CSV, counted from 0, faulty ones too.", minimum=0),
    Field("csv_line", "int32", "First line of the record in the CSV, counted from 1."),
    Field("csv_line_count", "int32", "Lines that the record takes."),
    Field("metadata_line", "int32", "Line in the metadata, counted from 1; null without.", is_optional=True),
)
"""Columns of ``bench_samples``: one row per sample of the benchmark's CSVs, in their order."""

BENCH_OUTPUT_COLUMNS: tuple[Field, ...] = (
    MODEL,
    SAMPLE_ID,
    THEME,
    Field(
        "path",
        "string",
        "Path of the output: the model's folder, and the path in it; expected where it is missing.",
        is_optional=True,
    ),
    Field("state", "string", f"{', '.join(f'`{state}`' for state in OutputState)}; see below."),
    *_FACTS,
    Field("error", "string", "Why it is broken, as a code of the media; else null.", is_optional=True),
    Field("error_detail", "string", "What was found and what is allowed.", is_optional=True),
    Field(
        "differences", ListOf("string"), "Codes of what differs, see below; none where all is as expected."
    ),
)
"""Columns of ``bench_outputs``: one row per model and sample of the benchmark."""

BENCH_LEAKAGE_COLUMNS: tuple[Field, ...] = (
    SAMPLE_ID,
    THEME,
    Field("release_id", "string", "Id of the sample of the release."),
    Field("release_theme", "string", "Its theme."),
    Field("likeness", "string", f"{', '.join(f'`{likeness}`' for likeness in Likeness)}; see below."),
    Field(
        "distance",
        "int32",
        "Bits by which the hashes of the first frames differ; null unless `near_duplicate`.",
        is_optional=True,
    ),
    Field("is_pair", "bool", "Whether the release's CSVs have the sample of the release."),
)
"""Columns of ``bench_leakage``: one row per sample of the benchmark, sample of the release and likeness of the two."""

BENCH_TABLES: dict[str, tuple[str, str, tuple[Field, ...]]] = {
    "bench_samples": (
        "02_intermediate/benchmark/bench_samples.parquet",
        "one row per sample of the benchmark's CSVs, in their order",
        BENCH_SAMPLE_COLUMNS,
    ),
    "bench_quarantine": (
        "02_intermediate/benchmark/bench_quarantine.parquet",
        "one row per piece of the benchmark that could not be read or trusted, or is odd",
        QUARANTINE_COLUMNS,
    ),
    "bench_leakage": (
        "02_intermediate/benchmark/bench_leakage.parquet",
        "one row per sample of the benchmark, sample of the release and likeness of the two",
        BENCH_LEAKAGE_COLUMNS,
    ),
    "bench_outputs": (
        "02_intermediate/benchmark/bench_outputs.parquet",
        "one row per model and sample of the benchmark",
        BENCH_OUTPUT_COLUMNS,
    ),
}
"""File, grain and columns of each table, by its name."""
