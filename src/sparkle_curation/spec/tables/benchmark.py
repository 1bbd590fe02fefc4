"""The tables of the benchmark: its samples, what it shares with the release, and what models made of it."""

from __future__ import annotations

from sparkle_curation.spec.codes.bench_reasons import Likeness, OutputState
from sparkle_curation.spec.codes.bench_states import CopyOf, JudgmentState, PublishedFault
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
        "frame_hash",
        "string",
        "Perceptual hash of its first frame, 16 hexadecimal digits, as in `frame_hashes`.",
        is_optional=True,
    ),
    Field("fine_hash", "string", "The same of four times as many coefficients.", is_optional=True),
    Field("detail", "float64", "Detail of the first frame, as in `frame_hashes`.", is_optional=True),
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
    Field(
        "bench_root",
        "string",
        "Root of the benchmark, as `bench_ingest` was given it; null where a password stands in it.",
        is_optional=True,
    ),
)
"""Columns of ``bench_samples``: one row per sample of the benchmark's CSVs, in their order."""

BENCH_OUTPUT_COLUMNS: tuple[Field, ...] = (
    MODEL,
    SAMPLE_ID,
    THEME,
    Field(
        "path",
        "string",
        "Path of the output, from the folder of the model; where it is expected to be where it is missing.",
        is_optional=True,
    ),
    Field("state", "string", f"{', '.join(f'`{state}`' for state in OutputState)}; see below."),
    *_FACTS,
    Field("error", "string", "Why it is broken, as a code of the media; else null.", is_optional=True),
    Field("error_detail", "string", "What was found and what is allowed.", is_optional=True),
    Field(
        "differences", ListOf("string"), "Codes of what differs, see below; none where all is as expected."
    ),
    Field(
        "model_root",
        "string",
        "Folder of the model, as `bench_outputs` was given it; null where a password stands in it.",
        is_optional=True,
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

_JUDGMENT: tuple[Field, ...] = (
    MODEL,
    SAMPLE_ID,
    THEME,
    Field("rubric", "string", "Name of the rubric, a file of `conf/base/prompts/rubrics/`."),
    Field("judge", "string", "Name of the judge, as it was asked for."),
    Field(
        "repeat",
        "int32",
        "0 for the judgment that counts; from 1 on those that show how the judge wavers.",
        minimum=0,
    ),
)

BENCH_JUDGMENT_COLUMNS: tuple[Field, ...] = (
    *_JUDGMENT,
    Field("subtheme", "string", "Subtheme of the sample.", is_optional=True),
    Field("state", "string", f"{', '.join(f'`{state}`' for state in JudgmentState)}; see below."),
    Field(
        "copy_of",
        "string",
        f"What the output is a byte copy of, {' or '.join(f'`{each}`' for each in CopyOf)}; null where it is none. It is "
        "judged all the same.",
        is_optional=True,
    ),
    Field("fault", "string", "Why there are no scores, as a code; null where there are.", is_optional=True),
    Field("fault_detail", "string", "What was seen of the fault.", is_optional=True),
    Field("overall", "float64", "Mean of the capped scores; null unless judged.", is_optional=True),
    Field("attempts", "int32", "Requests about it; 0 where the judge was not asked."),
    Field("answer_text", "string", "The last answer as it came.", is_optional=True),
    Field("raw_texts", ListOf("string"), "Every answer as it came, in order."),
    Field("flags", ListOf("string"), "Forms of the answer that were taken though another was asked for."),
    Field(
        "answering_model",
        "string",
        "The model that answered, as it calls itself: one in all of the table. Null where it is not told.",
        is_optional=True,
    ),
    Field(
        "frame_rate",
        "float64",
        "Frames a second that the judge looked at; null for what it does of itself (Gemini: 1).",
        is_optional=True,
    ),
    Field(
        "seed_honoured",
        "bool",
        "Whether the judge takes temperature and seed; false where it is known to ignore them, or took the request only "
        "without them.",
        is_optional=True,
    ),
    Field("tokens_in", "int64", "Tokens of all requests about it, as told.", is_optional=True),
    Field("tokens_out", "int64", "Tokens of all answers, less thoughts.", is_optional=True),
    Field("tokens_thoughts", "int64", "Tokens that were thought before the answers.", is_optional=True),
    Field(
        "cost",
        "float64",
        "US dollars by the price table; null where nothing was paid, or tokens are not told.",
        is_optional=True,
    ),
    Field("finish_reason", "string", "Why the last answer ends, in the judge's word.", is_optional=True),
    Field("source_hash", "string", "xxh3-128 of the source video.", is_optional=True),
    Field("edited_hash", "string", "xxh3-128 of the edited video.", is_optional=True),
    Field(
        "cache_key",
        "string",
        "Digest of all that the judgment depends on: both videos, prompt, rubric, judge, settings, frame rate, repeat.",
    ),
    Field("rubric_origin", "string", "Whose words: `own`, or a file of a repository."),
    Field("rubric_digest", "string", "xxh3-128 of these words."),
    Field("backend", "string", "`gemini`, `server` or `transformers`."),
    Field(
        "revision",
        "string",
        "Commit of the model, or a mark of one's own; `not told` of a server.",
        is_optional=True,
    ),
    Field(
        "settings",
        "string",
        "JSON object of all else that a judgment depends on: what was shown, seed, sampling.",
    ),
)
"""Columns of ``bench_judgments``: one row per model, sample and repeat, judged or not."""

BENCH_SCORE_COLUMNS: tuple[Field, ...] = (
    *_JUDGMENT,
    Field("dimension", "string", "Key of the dimension in its rubric."),
    Field("raw_score", "int32", "As the judge gave it."),
    Field(
        "capped_score", "int32", "As it counts: no higher than that of the dimension that caps the others."
    ),
)
"""Columns of ``bench_scores``: one row per judged row of ``bench_judgments`` and dimension."""

BENCH_PUBLISHED_SCORE_COLUMNS: tuple[Field, ...] = (
    MODEL,
    Field("judge", "string", "Name of the judge, from the name of the file."),
    SAMPLE_ID,
    THEME,
    Field("rubric", "string", "Name of the rubric."),
    Field("dimension", "string", "Key of the dimension in its rubric."),
    Field("score", "int32", "As the file has it: capped by the published evaluator."),
    Field("file", "string", "The file."),
    Field("line", "int32", "Its line, counted from 1."),
)
"""Columns of ``bench_published_scores``: one row per sound record of a published file and dimension."""

BENCH_PUBLISHED_FAULT_COLUMNS: tuple[Field, ...] = (
    MODEL,
    Field("file", "string", "The file, or the one that should be there."),
    Field("line", "int32", "Its line, counted from 1; null for what is not there.", is_optional=True),
    Field("sample_id", "string", "Id of the sample; null where none is told.", is_optional=True),
    Field("fault", "string", f"{', '.join(f'`{fault}`' for fault in PublishedFault)}; see below."),
    Field("detail", "string", "What was found, and what is allowed."),
)
"""Columns of ``bench_published_faults``: one row per fault."""

BENCH_COMPARISON_COLUMNS: tuple[Field, ...] = (
    Field("benchmark", "string", "Name of the benchmark."),
    Field("likeness", "string", f"{', '.join(f'`{likeness}`' for likeness in Likeness)}; see below."),
    Field("bench_count", "int64", "Samples of the benchmark."),
    Field("bench_compared_count", "int64", "Those of them that could be compared."),
    Field("release_count", "int64", "Samples of the release that any table knows."),
    Field("release_compared_count", "int64", "Those of them that could be compared."),
    Field("pair_count", "int64", "Pairs of the two that are alike."),
    Field("bench_leaking_count", "int64", "Samples of the benchmark in such a pair."),
    Field("release_leaking_count", "int64", "Samples of the release in such a pair."),
)
"""Columns of ``bench_comparison``: one row per likeness."""

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
    "bench_comparison": (
        "02_intermediate/benchmark/bench_comparison.parquet",
        "one row per likeness: what could be compared for `bench_leakage`; none where no benchmark was ingested",
        BENCH_COMPARISON_COLUMNS,
    ),
    "bench_outputs": (
        "02_intermediate/benchmark/bench_outputs.parquet",
        "one row per model and sample of the benchmark",
        BENCH_OUTPUT_COLUMNS,
    ),
    "bench_judgments": (
        "07_model_output/bench_judgments.parquet",
        "one row per model, sample of the benchmark and repeat, judged or not",
        BENCH_JUDGMENT_COLUMNS,
    ),
    "bench_scores": (
        "07_model_output/bench_scores.parquet",
        "one row per judged row of `bench_judgments` and dimension of the rubric",
        BENCH_SCORE_COLUMNS,
    ),
    "bench_published_scores": (
        "07_model_output/bench_published_scores.parquet",
        "one row per sound record of a file of published scores and dimension, the first of each id",
        BENCH_PUBLISHED_SCORE_COLUMNS,
    ),
    "bench_published_faults": (
        "08_reporting/benchmark/bench_published_faults.csv",
        "one row per fault of a file of published scores",
        BENCH_PUBLISHED_FAULT_COLUMNS,
    ),
}
"""File, grain and columns of each table, by its name."""
