"""The rules of the tables: from the descriptions of their columns, and of each its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sparkle_curation.expectations.rule_forms import between, finding
from sparkle_curation.expectations.rules import Kind, Rule
from sparkle_curation.release.fields import Field, ListOf, Struct, walk
from sparkle_curation.release.stages import STAGES
from sparkle_curation.release.tables import (
    COLUMNS,
    EDITED_FRAME0_SCORES,
    EDITED_VIDEO_SCORES,
    FOREGROUND_REMOVED_SCORES,
    GROUNDING_R1,
    GROUNDING_R2,
    JSONL_TABLES,
)
from sparkle_curation.release.themes import THEMES

SCORED_FRAMES = 4
"""Frames of the edited video that are scored (dataset card, "edited_video_score.jsonl")."""

KNOWN_BY: dict[str, tuple[str, ...]] = {
    FOREGROUND_REMOVED_SCORES.name: ("annotations", EDITED_FRAME0_SCORES.name),
    EDITED_VIDEO_SCORES.name: ("annotations", FOREGROUND_REMOVED_SCORES.name),
    GROUNDING_R1.name: ("annotations", EDITED_FRAME0_SCORES.name),
    GROUNDING_R2.name: ("annotations", GROUNDING_R1.name),
    "assets": ("annotations", EDITED_FRAME0_SCORES.name),
}
"""Table -> the tables of which one must know its samples.

The annotations hold what passed every stage, the step before also what was rejected later. ``edited_frame0_scores``
is where a sample is first heard of, so it has no entry.
"""


def table_rules(name: str) -> Iterator[Rule]:
    """The rules of one table: what its columns' descriptions say, whose rows they are, and its own."""
    columns = COLUMNS[name]
    for column in columns:
        yield from _described(column)
    yield from _nested_ranges(columns)
    yield from _identity(name)
    yield from _OWN_RULES.get(name, lambda: iter(()))()


def _described(column: Field) -> Iterator[Rule]:
    """What a column's description says of its values."""
    if isinstance(column.type, ListOf | Struct):
        return
    if not column.is_optional:
        yield Rule(
            f"{column.name}_is_there",
            Kind.MISSING_VALUE,
            f"`{column.name}` has a value in every row.",
            "ExpectColumnValuesToNotBeNull",
            {"column": column.name},
        )
    if column.minimum is not None:
        yield between(f"{column.name}_in_range", column.name, column)


def _nested_ranges(columns: tuple[Field, ...]) -> Iterator[Rule]:
    """The bounds of numbers inside objects, and of the smallest and largest of those inside lists."""
    for path, field in walk(columns):
        name = path.removeprefix("$.")
        is_listed = "[...]" in name or isinstance(field.type, ListOf)
        if field.minimum is None or (name == field.name and not is_listed):
            continue
        if not is_listed:
            yield between(f"{name}_in_range", name, field)
            continue
        yield between(f"lowest_{name}_in_range", f"lowest {name}", replace(field, maximum=None))
        if field.maximum is not None:
            yield between(f"highest_{name}_in_range", f"highest {name}", replace(field, minimum=None))


def _identity(name: str) -> Iterator[Rule]:
    yield Rule(
        "id_names_theme",
        Kind.SAMPLE_ID,
        "`id` is `Sparkle_{theme}_{6 digits}` of the row's theme.",
        "ExpectSampleIdsToNameTheirTheme",
        {"column_A": "id", "column_B": "theme"},
    )
    yield Rule(
        "theme_is_known",
        Kind.SAMPLE_ID,
        "`theme` is one of the five.",
        "ExpectColumnValuesToBeInSet",
        {"column": "theme", "value_set": list(THEMES)},
    )
    if name == "assets":
        columns = ["container", "path"]
        yield Rule(
            "file_is_unique",
            Kind.UNIQUENESS,
            "A path stands once in its tar, and once loose.",
            "ExpectCompoundColumnsToBeUnique",
            {"column_list": columns},
        )
    else:
        yield Rule(
            "id_is_unique",
            Kind.UNIQUENESS,
            "A sample has one row.",
            "ExpectColumnValuesToBeUnique",
            {"column": "id"},
        )
    if name in KNOWN_BY:
        tables = list(KNOWN_BY[name])
        yield finding(
            "sample_is_known",
            Kind.KNOWN_SAMPLE,
            "ExpectSamplesToBeKnown",
            f"The sample is in {' or '.join(tables)}.",
            known_by=tables,
        )
    if name in KNOWN_BY and name in JSONL_TABLES:
        yield finding(
            "prompt_is_repeated",
            Kind.PROMPT,
            "ExpectPromptsToSayTheSame",
            "A candidate that the annotations lack has the prompt that the step before gives it.",
        )
    if name != "assets":
        yield Rule(
            "prompt_says_something",
            Kind.PROMPT,
            "The prompt is not blank.",
            "ExpectNumbersToBeBetween",
            {"column": "prompt_chars", "min_value": 1},
        )


# ------------------------------------------------------------------ rules of single tables
def _annotation_rules() -> Iterator[Rule]:
    yield finding(
        "stands_in_both_files",
        Kind.FILES_AGREE,
        "ExpectSamplesInBothFiles",
        "The sample is in the theme's training CSV and in its metadata.",
    )
    for column, name in (("src_video", "source"), ("tgt_video", "edited")):
        yield finding(
            f"{name}_path_names_sample",
            Kind.PATHS,
            "ExpectPathsToNameTheirSample",
            f"`{column}` is where the layout has the sample's {name} video.",
        )
    yield finding(
        "paths_resolve",
        Kind.PATHS,
        "ExpectPathsToResolve",
        "Both videos are among the assets, where assets of the theme were ingested.",
    )
    yield Rule(
        "edit_type_is_themes",
        Kind.KEYWORD,
        "`edit_type` is the metadata's name of the theme.",
        "ExpectColumnPairValuesToBeEqual",
        {
            "column_A": "edit_type",
            "column_B": "theme_in_metadata",
            "ignore_row_if": "either_value_is_missing",
        },
    )
    yield finding(
        "keyword_is_split",
        Kind.KEYWORD,
        "ExpectKeywords",
        "`chosen_keyword` is `subtheme: scene`, and absent for openve3m alone.",
    )
    yield finding(
        "sample_is_scored",
        Kind.RELEASED_SAMPLE,
        "ExpectReleasedSamplesToBeScored",
        "The sample is in every table of scores and groundings that has its theme.",
    )
    yield finding(
        "sample_passes",
        Kind.RELEASED_SAMPLE,
        "ExpectReleasedSamplesToPass",
        "Each score reaches its published cut-off.",
        cut_offs={stage.name: stage.published_cut_off for stage in STAGES},
    )


def _still_score_rules() -> Iterator[Rule]:
    yield Rule(
        "overall_is_editscores",
        Kind.DERIVED_VALUE,
        "`overall` is `editscore.overall`.",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "overall", "column_B": "editscore.overall", "ignore_row_if": "either_value_is_missing"},
    )


def _video_score_rules() -> Iterator[Rule]:
    yield Rule(
        "mean_is_frames",
        Kind.DERIVED_VALUE,
        "`mean_o_score` is the mean of the frames' `O_score`.",
        "ExpectNumbersToBeBetween",
        {"column": "mean_error", "max_value": 1e-9},
    )
    yield Rule(
        "lists_have_one_length",
        Kind.DERIVED_VALUE,
        "`frame_indices` and `editscore` have the same length.",
        "ExpectColumnPairValuesToBeEqual",
        {
            "column_A": "frame_count",
            "column_B": "editscore_count",
            "ignore_row_if": "either_value_is_missing",
        },
    )
    yield Rule(
        "four_frames",
        Kind.FRAMES,
        f"{SCORED_FRAMES} frames are scored.",
        "ExpectColumnValuesToBeInSet",
        {"column": "frame_count", "value_set": [SCORED_FRAMES]},
    )
    yield finding(
        "frames_ascend",
        Kind.FRAMES,
        "ExpectFramesInTimeOrder",
        "`frame_indices` rise, and leave out frame 0.",
    )
    yield finding(
        "passing_is_released",
        Kind.RELEASED_SAMPLE,
        "ExpectPassingSamplesToBeReleased",
        "A sample that reaches every published cut-off is in the annotations.",
    )


def _grounding_rules() -> Iterator[Rule]:
    yield Rule(
        "edit_type_is_theme",
        Kind.KEYWORD,
        "`edit_type` is the theme.",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "edit_type", "column_B": "theme", "ignore_row_if": "either_value_is_missing"},
    )
    boxes = {
        "box_shapes": "A box has four numbers, or none.",
        "box_ranges": "The numbers of a box lie in 0-1000.",
        "box_corners": "A box's first corner lies left of and above its second.",
    }
    for name, meaning in boxes.items():
        yield finding(name, Kind.BOXES, "ExpectBoxesToLieInTheFrame", meaning)
    yield Rule(
        "labels_are_there",
        Kind.LABELS,
        "Round 1 names at least one object.",
        "ExpectNumbersToBeBetween",
        {"column": "label_count", "min_value": 1},
    )
    yield finding(
        "object_labels",
        Kind.LABELS,
        "ExpectLabelsOfRoundOne",
        "The labels of `round1_objects` are among `round1_labels`.",
    )


def _second_grounding_rules() -> Iterator[Rule]:
    yield from _grounding_rules()
    yield finding(
        "frame_labels",
        Kind.LABELS,
        "ExpectLabelsOfRoundOne",
        "The labels of `frame_objects` are among `round1_labels`.",
    )
    yield finding(
        "round1_is_repeated",
        Kind.LABELS,
        "ExpectRoundOneToBeRepeated",
        "`round1_labels` are those of `grounding_r1`.",
    )
    yield Rule(
        "frames_are_grounded",
        Kind.FRAMES,
        "At least one frame is grounded.",
        "ExpectNumbersToBeBetween",
        {"column": "grounded_frame_count", "min_value": 1},
    )


def _asset_rules() -> Iterator[Rule]:
    yield finding(
        "path_names_sample",
        Kind.PATHS,
        "ExpectPathsToNameTheirSample",
        "`path` is where the layout has this kind of the sample.",
    )
    yield Rule(
        "file_is_not_empty",
        Kind.PATHS,
        "The file has content.",
        "ExpectNumbersToBeBetween",
        {"column": "size", "min_value": 1},
    )


_OWN_RULES = {
    "annotations": _annotation_rules,
    EDITED_FRAME0_SCORES.name: _still_score_rules,
    FOREGROUND_REMOVED_SCORES.name: _still_score_rules,
    EDITED_VIDEO_SCORES.name: _video_score_rules,
    GROUNDING_R1.name: _grounding_rules,
    GROUNDING_R2.name: _second_grounding_rules,
    "assets": _asset_rules,
}
