"""The ingested tables: grain, columns and source files of each.

Columns of the release keep their published names. Source: dataset card, "Training Data Format" and
"Per-task Pipeline Metadata".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property

import pyarrow as pa

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.fields import Field, ListOf, Struct, arrow_schema
from sparkle_curation.spec.layout import intermediate_jsonl_path, score_path
from sparkle_curation.spec.sample_ids import ID_FORM
from sparkle_curation.spec.stages import MAX_SCORE, MIN_SCORE, STAGES, Criterion, Stage

# ------------------------------------------------------------------ fields that many tables share
ID = Field("id", "string", f"Sample id, `{ID_FORM}`.")
THEME = Field("theme", "string", "Theme of the file that the row was read from.")
PROMPT = Field("prompt", "string", "The edit prompt.")
SOURCE_LINE = Field("source_line", "int32", "Line of the row in its file, counted from 1.")
EXTRA_FIELDS = Field(
    "extra_fields",
    "string",
    "JSON object of the members that the card does not name, by their JSON path; null where there are none.",
    is_optional=True,
)


def _score(name: str, description: str) -> Field:
    return Field(name, "float64", description, minimum=MIN_SCORE, maximum=MAX_SCORE)


@dataclass(frozen=True)
class JsonlTable:
    """A table with one row per line of a theme's JSONL file.

    Attributes:
        name: the table's name in the catalog.
        file_name: the file in the theme's folder; empty where the dataset has no such file.
        grain: what a row is.
        published: the members of a line, as the card gives them.
        criteria: the values that we add to a row, by their column.
    """

    name: str
    file_name: str
    grain: str
    published: tuple[Field, ...]
    criteria: Mapping[str, Criterion] = dataclass_field(default_factory=dict)

    @cached_property
    def columns(self) -> tuple[Field, ...]:
        """All columns of the Parquet table, in order."""
        first, *rest = self.published
        values = (_value(criterion) for criterion in self.criteria.values())
        return (first, THEME, *rest, *values, SOURCE_LINE, EXTRA_FIELDS)

    def path_of(self, theme: str) -> str:
        """Path of a theme's file, from the release root."""
        if self.criteria:
            return score_path(theme, self.stage, self.file_name)
        return intermediate_jsonl_path(theme, self.file_name)

    @property
    def stage(self) -> str:
        """The stage whose scores they are; raises ``StopIteration`` of a table without criteria."""
        return next(iter(self.criteria.values())).stage

    @property
    def has_source(self) -> bool:
        """Whether the dataset has files of it."""
        return bool(self.file_name or self.criteria)

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema of the Parquet table."""
        return arrow_schema(self.columns)


# ------------------------------------------------------------------ scores
_STILL_EDITSCORE = Field(
    "editscore",
    Struct(
        (
            _score("prompt_following", "How well the edit follows the instruction."),
            _score("consistency", "Subject and identity consistency with the source frame."),
            _score("perceptual_quality", "Perceptual quality of the edited image."),
            _score("overall", "Aggregated overall score; compared with the threshold."),
            Field("SC_reasoning", "string", "Rationale of the first two sub-scores."),
            Field("PQ_reasoning", "string", "Rationale of the perceptual-quality sub-score."),
        )
    ),
    "EditScore of the still image.",
)

_FRAME_EDITSCORE = Field(
    "editscore",
    ListOf(
        Struct(
            (
                _score("SC_score", "Instruction following and consistency on the frame."),
                _score("PQ_score", "Perceptual quality of the frame."),
                _score("O_score", "Aggregated overall score of the frame."),
                Field("SC_score_reasoning", "string", "Rationale of `SC_score`."),
                Field("PQ_score_reasoning", "string", "Rationale of `PQ_score`."),
                Field("SC_raw_output", "string", "Raw answer of the SC judge."),
                Field("PQ_raw_output", "string", "Raw answer of the PQ judge."),
            )
        )
    ),
    "EditScore of each sampled frame, in the order of `frame_indices`.",
)

_FRAME_INDICES = Field("frame_indices", ListOf("int32"), "Sampled frames, counted from 0.", minimum=0)


def _value(criterion: Criterion) -> Field:
    what = (
        f"`{criterion.field}`"
        if criterion.reducer is None
        else f"{_REDUCED[criterion.reducer]} of the frames' `{criterion.field}`"
    )
    low, high = criterion.scale
    return Field(
        criterion.score_column,
        "float64",
        f"{what}; compared with the threshold of `{criterion.name}`.",
        minimum=low,
        maximum=high,
    )


_REDUCED = {"mean": "Mean, summed exactly,", "min": "Smallest", "quantile": "A quantile"}


def _of_stage(stage: Stage) -> JsonlTable:
    of_judge = (
        ()
        if stage.is_of_values
        else (_FRAME_INDICES, _FRAME_EDITSCORE)
        if stage.is_of_frames
        else (_STILL_EDITSCORE,)
    )
    published = (ID, PROMPT, *of_judge)
    return JsonlTable(
        stage.table,
        stage.file_name,
        f"one row per scored sample: {'scores' if stage.is_of_values else 'EditScore'} of {stage.title}",
        published,
        {each.score_column: each for each in stage.criteria},
    )


SCORE_TABLES: dict[str, JsonlTable] = {stage.table: _of_stage(stage) for stage in STAGES}
"""The tables of scores by name, one a stage."""

# ------------------------------------------------------------------ groundings
_BOXES = ListOf(
    Struct(
        (
            Field(
                "bbox_2d",
                ListOf("float64"),
                "[x1, y1, x2, y2] in 0-1000 of width and height; empty where the model did not find the label.",
            ),
            Field("label", "string", "Label of the object; not unique within a sample."),
        )
    )
)
_GROUNDING_R1_FIELDS = (
    ID,
    PROMPT,
    Field("edit_type", "string", "Theme as the file says it."),
    Field("round1_labels", ListOf("string"), "Labels of the foreground to keep."),
    Field("round1_objects", _BOXES, "Objects found on the first source frame."),
)

_GROUNDINGS = dataset().groundings

GROUNDING_R1 = JsonlTable(
    "grounding_r1",
    _GROUNDINGS.round1 if _GROUNDINGS else "",
    "one row per grounded sample: foreground objects of the first source frame",
    _GROUNDING_R1_FIELDS,
)

GROUNDING_R2 = JsonlTable(
    "grounding_r2",
    _GROUNDINGS.round2 if _GROUNDINGS else "",
    "one row per grounded sample: the labels of round 1 found again on frames sampled at 2 FPS",
    (
        *_GROUNDING_R1_FIELDS,
        Field("frame_objects", ListOf(_BOXES), "Objects of each sampled frame, in time order."),
    ),
)

GROUNDING_TABLES: dict[str, JsonlTable] = {table.name: table for table in (GROUNDING_R1, GROUNDING_R2)}
"""The tables of groundings by name; of a dataset without groundings they are empty."""

JSONL_TABLES: dict[str, JsonlTable] = {**SCORE_TABLES, **GROUNDING_TABLES}
"""The tables that are ingested from the themes' JSONL files of scores and groundings, by name."""

# ------------------------------------------------------------------ annotations
METADATA_RECORD: tuple[Field, ...] = (
    ID,
    PROMPT,
    Field(
        "metadata",
        Struct(
            (
                Field("edit_type", "string", "Theme, in the words of the metadata."),
                Field(
                    "chosen_keyword",
                    "string",
                    "`subtheme: scene`; absent for themes without keywords.",
                    is_optional=True,
                ),
                Field("original_scene", "string", "Description of the source video's first frame."),
            )
        ),
        "What the edit was chosen from.",
    ),
)
"""A line of ``{theme}_train_metadata.jsonl``."""

CSV_COLUMNS: tuple[str, ...] = ("prompt", "src_video", "tgt_video", "task")
"""The columns of ``{theme}_train.csv``, in order: what Kiwi-Edit reads."""

ANNOTATION_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field(
        "prompt",
        "string",
        "The edit prompt: the CSV's, or the metadata's where the CSV lacks the sample.",
    ),
    Field("src_video", "string", "Path of the source video from the release root.", is_optional=True),
    Field("tgt_video", "string", "Path of the edited video from the release root.", is_optional=True),
    Field(
        "task",
        "string",
        "Sample id as the CSV has it; null where the CSV lacks the sample.",
        is_optional=True,
    ),
    Field("edit_type", "string", "`metadata.edit_type`.", is_optional=True),
    Field("chosen_keyword", "string", "`metadata.chosen_keyword`, `subtheme: scene`.", is_optional=True),
    Field("original_scene", "string", "`metadata.original_scene`.", is_optional=True),
    Field("subtheme", "string", "What stands before the first `: ` of `chosen_keyword`.", is_optional=True),
    Field("scene", "string", "What stands after the first `: ` of `chosen_keyword`.", is_optional=True),
    Field("csv_line", "int32", "First line of the record in the CSV, counted from 1.", is_optional=True),
    Field("csv_line_count", "int32", "Lines that the CSV record takes.", is_optional=True),
    Field("metadata_line", "int32", "Line in the metadata JSONL, counted from 1.", is_optional=True),
    EXTRA_FIELDS,
)
"""Columns of ``annotations``: one row per sample of the CSV or the metadata of a theme."""

# ------------------------------------------------------------------ assets, quarantine, bookkeeping
ASSET_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field("kind", "string", "Asset kind."),
    Field(
        "container",
        "string",
        "Path of the tar that holds it, from the release root; null when loose.",
        is_optional=True,
    ),
    Field("path", "string", "Path from the release root when loose, or after extracting its tar in place."),
    Field("offset", "int64", "First byte of the content in its container, or 0.", minimum=0),
    Field("size", "int64", "Length of the content in bytes.", minimum=0),
)
"""Columns of ``assets``: one row per media file, loose or a tar member. A sample may be both."""

_SOURCE_THEME = Field(
    "theme", "string", "Theme of the file; null where its name tells none.", is_optional=True
)

QUARANTINE_COLUMNS: tuple[Field, ...] = (
    Field("table", "string", "Table that the input was read for."),
    _SOURCE_THEME,
    Field("path", "string", "File that it stands in, from the release root."),
    Field("line", "int32", "First line in the file, counted from 1; null in a tar.", is_optional=True),
    Field("line_count", "int32", "Lines, members or files that it takes: what conservation adds up."),
    Field("byte_offset", "int64", "First byte in the file."),
    Field("byte_count", "int64", "Length in bytes."),
    Field("id", "string", "Sample id, where one could be read.", is_optional=True),
    Field("reason", "string", "Reason code; see `docs/tables.md`."),
    Field("json_path", "string", "Member at fault, `$.editscore.overall`.", is_optional=True),
    Field("detail", "string", "What was found and what is allowed."),
    Field("is_row_kept", "bool", "True for a warning: the row is in its table all the same."),
    Field(
        "raw_text",
        "string",
        "The input as it stands in the file; a byte that is not UTF-8 is shown as `\\xNN`, and a tar member by its name.",
    ),
)
"""Columns of ``quarantine``: one row per piece of input that could not be read or trusted."""

SOURCE_FILE_COLUMNS: tuple[Field, ...] = (
    Field("table", "string", "Table that the file is read for."),
    _SOURCE_THEME,
    Field("path", "string", "File, or folder of loose assets, from the release root."),
    Field("size_bytes", "int64", "Length of the file; of all files for a folder."),
    Field("record_count", "int32", "Lines of the file, members of the tar, or files of the folder."),
    Field(
        "xxh3_128",
        "string",
        "Digest of the file's bytes; null for a tar or folder, of which names and lengths alone are read.",
        is_optional=True,
    ),
    Field("excluded_count", "int32", "Those of them that are about a sample which was excluded on request."),
)
"""Columns of a table's list of source files: one row per file read, or folder listed."""

# ------------------------------------------------------------------ the audit of the scores
SCORE_FAULT_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field("stage", "string", "Scored stage."),
    Field("frame", "int32", "Frame of the edited video, counted from 0; null for a still.", is_optional=True),
    Field("rule", "string", "Violated rule; see below."),
    Field("is_imputed", "bool", "Whether the violation proves that a value was imputed."),
    Field("evidence", "string", "The numbers that violate it."),
    _score("score", "Score of the sample at the stage, the one that is compared with the threshold."),
    Field(
        "score_without_imputed_pass",
        "float64",
        "That score without the passes that hold an imputed value; null where they cannot be told from the others.",
        is_optional=True,
    ),
)
"""Columns of ``score_faults``: one row per sample, stage, frame and violated rule, whatever the thresholds are."""

SCORE_AUDIT_COLUMNS: tuple[Field, ...] = (
    *SCORE_FAULT_COLUMNS,
    Field("threshold", "float64", "Lowest score that the stage keeps."),
    Field(
        "changes_side",
        "bool",
        "Whether the sample would lie on the other side of the threshold without the imputed passes.",
        is_optional=True,
    ),
)
"""Columns of ``score_audit``: ``score_faults``, compared with the thresholds."""

COLUMNS: dict[str, tuple[Field, ...]] = {
    "annotations": ANNOTATION_COLUMNS,
    **{name: table.columns for name, table in JSONL_TABLES.items()},
    "assets": ASSET_COLUMNS,
}
"""Columns of every ingested table, in the order in which they are ingested."""
