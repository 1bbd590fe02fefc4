"""The rules that one table alone has, beside those that follow from its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from sparkle_curation.expectations.rules.rule import Kind, Rule
from sparkle_curation.expectations.rules.rule_factories import between, equal, one_of, violation
from sparkle_curation.spec.frames import BBOX_SCALE, SCORED_FRAMES
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import ASKS_RELEASE, CRITERIA, STAGES, Stage
from sparkle_curation.spec.tables.ingested import (
    GROUNDING_R1,
    GROUNDING_R2,
)

MAX_MEAN_ERROR = 1e-9
"""Largest difference of a mean that was summed exactly from one that was not."""


def own_rules(table: str) -> Iterator[Rule]:
    """The rules of a table's own."""
    yield from _OWN_RULES[table]()


def _annotation_rules() -> Iterator[Rule]:
    yield violation(
        "stands_in_both_files",
        Kind.FILES_AGREE,
        "ExpectSamplesInBothFiles",
        "The sample is in the theme's training CSV and in its metadata.",
    )
    for column, name in (("src_video", "source"), ("tgt_video", "edited")):
        yield violation(
            f"{name}_path_names_sample",
            Kind.PATHS,
            "ExpectPathsToNameTheirSample",
            f"`{column}` is where the layout has the sample's {name} video.",
        )
    yield violation(
        "paths_resolve",
        Kind.PATHS,
        "ExpectPathsToResolve",
        "Both videos are among the assets, where assets of the theme were ingested.",
    )
    meaning = "`edit_type` is the metadata's name of the theme."
    yield equal("edit_type_is_themes", Kind.KEYWORD, meaning, "edit_type", "theme_in_metadata")
    yield violation(
        "keyword_is_split",
        Kind.KEYWORD,
        "ExpectKeywords",
        "`chosen_keyword` is `subtheme: scene`, and absent for themes without keywords alone.",
    )
    yield violation(
        "sample_is_scored",
        Kind.RELEASED_SAMPLE,
        "ExpectReleasedSamplesToBeScored",
        "A sample of the CSV is in every table of scores and groundings that has its theme.",
    )
    if not ASKS_RELEASE:
        return
    thresholds = {criterion.name: criterion.published_threshold for criterion in CRITERIA}
    shown = ", ".join(f"{name} {exact(float(threshold or 0))}" for name, threshold in thresholds.items())
    yield violation(
        "sample_passes",
        Kind.RELEASED_SAMPLE,
        "ExpectReleasedSamplesToPass",
        f"Each score of a sample of the CSV reaches its published threshold: {shown}.",
        thresholds=thresholds,
    )


def _frame_score_rules(stage: Stage) -> Iterator[Rule]:
    kind = Kind.DERIVED_VALUE
    for each in stage.criteria:
        column = each.score_column
        meaning = f"`{column}` is the {each.reducer} of the frames' `{each.field}`."
        yield between(f"{column}_is_frames", kind, meaning, f"{column}_error", maximum=MAX_MEAN_ERROR)
    meaning = "`frame_indices` and `editscore` have the same length."
    yield equal("lists_have_one_length", kind, meaning, "frame_count", "editscore_count")
    meaning = f"{SCORED_FRAMES} frames are scored."
    yield one_of("scored_frame_count", Kind.FRAMES, meaning, "frame_count", [SCORED_FRAMES])
    yield violation(
        "frames_ascend",
        Kind.FRAMES,
        "ExpectFramesInTimeOrder",
        "`frame_indices` rise, and leave out frame 0.",
    )


def _score_rules(stage: Stage) -> Iterator[Rule]:
    if stage.is_of_frames:
        yield from _frame_score_rules(stage)
    elif not stage.is_of_values:
        for each in stage.criteria:
            column, member = each.score_column, f"editscore.{each.field}"
            meaning = f"`{column}` is `{member}`."
            yield equal(f"{column}_is_editscores", Kind.DERIVED_VALUE, meaning, column, member)
    if stage is STAGES[-1] and ASKS_RELEASE:
        yield violation(
            "passing_is_released",
            Kind.RELEASED_SAMPLE,
            "ExpectPassingSamplesToBeReleased",
            "A sample that reaches every published threshold is in the annotations.",
        )


def _first_grounding_rules() -> Iterator[Rule]:
    yield equal("edit_type_is_theme", Kind.KEYWORD, "`edit_type` is the theme.", "edit_type", "theme")
    boxes = {
        "box_shapes": "A box has four numbers, or none.",
        "box_ranges": f"The numbers of a box lie in 0-{BBOX_SCALE}.",
        "box_corners": "A box's first corner lies left of and above its second.",
        "box_scale": f"The boxes of a sample are in 0-{BBOX_SCALE}, not in 0-1.",
        "boxes_once": "No box stands twice in a frame with the same label.",
    }
    for name, meaning in boxes.items():
        yield violation(name, Kind.BOXES, "ExpectBoxesToLieInTheFrame", meaning)
    yield between(
        "labels_are_there", Kind.LABELS, "Round 1 names at least one object.", "label_count", minimum=1
    )
    yield _labels_are_known("object_labels", "round1_objects")


def _second_grounding_rules() -> Iterator[Rule]:
    yield from _first_grounding_rules()
    yield _labels_are_known("frame_labels", "frame_objects")
    yield violation(
        "round1_is_repeated",
        Kind.LABELS,
        "ExpectRoundOneToBeRepeated",
        "`round1_labels` are those of `grounding_r1`.",
    )
    meaning = "At least one frame is grounded."
    yield between("frames_are_grounded", Kind.FRAMES, meaning, "sampled_frame_count", minimum=1)


def _labels_are_known(name: str, objects: str) -> Rule:
    meaning = f"The labels of `{objects}` are among `round1_labels`."
    return violation(name, Kind.LABELS, "ExpectLabelsOfRoundOne", meaning)


def _asset_rules() -> Iterator[Rule]:
    yield violation(
        "path_names_sample",
        Kind.PATHS,
        "ExpectPathsToNameTheirSample",
        "`path` is where the layout has this kind of the sample.",
    )
    yield between("file_is_not_empty", Kind.PATHS, "The file has content.", "size", minimum=1)


_OWN_RULES: dict[str, Callable[[], Iterator[Rule]]] = {
    "annotations": _annotation_rules,
    **{stage.table: partial(_score_rules, stage) for stage in STAGES},
    GROUNDING_R1.name: _first_grounding_rules,
    GROUNDING_R2.name: _second_grounding_rules,
    "assets": _asset_rules,
}
