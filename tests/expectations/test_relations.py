"""What is asked of rows beside other tables: known samples, repeated prompts, paths that resolve, released samples."""

from __future__ import annotations

from typing import Any

import polars as pl
from tests.curation.made_tables import assets, csv_row, metadata, same_scores, table

from sparkle_curation.expectations.flat_frames import flatten
from sparkle_curation.release.stages import STAGES
from sparkle_curation.release.tables import COLUMNS

ONE, TWO = "Sparkle_time_000001", "Sparkle_time_000002"


def tables(**given: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    """All tables, empty but for those given."""
    return {name: given.get(name, table(name)).lazy() for name in COLUMNS}


def scored(scores: dict[str, float]) -> dict[str, pl.DataFrame]:
    """The three score tables by name, each sample with one score at all stages."""
    by_stage = same_scores(scores)
    return {stage.table: by_stage[stage.name] for stage in STAGES}


def grounding(name: str, sample_id: str, **values: Any) -> pl.DataFrame:
    """A grounding of one sample."""
    return table(name, [{"id": sample_id, "theme": sample_id.split("_")[1], "prompt": "p", **values}])


def test_a_sample_is_known_by_the_annotations_or_the_step_before() -> None:
    """One that neither has is told; where the step before lacks the theme, nothing can be."""
    first = table("edited_frame0_scores", [{"id": ONE, "theme": "time", "prompt": "p"}])
    removed = table(
        "foreground_removed_scores",
        [
            {"id": key, "theme": key.split("_")[1], "prompt": "p"}
            for key in (ONE, TWO, "Sparkle_style_000001")
        ],
    )
    given = tables(edited_frame0_scores=first, foreground_removed_scores=removed)
    assert flatten("foreground_removed_scores", given)["sample_is_known"].to_list() == [
        "",
        "neither in annotations nor in edited_frame0_scores",
        None,
    ]
    released = tables(annotations=table("annotations", [csv_row(TWO)]), edited_frame0_scores=first)
    released["foreground_removed_scores"] = removed.lazy()
    assert flatten("foreground_removed_scores", released)["sample_is_known"].to_list()[1] == ""


def test_a_candidate_keeps_its_prompt_from_step_to_step() -> None:
    """Asked of samples that the annotations lack."""
    first = table("edited_frame0_scores", [{"id": key, "theme": "time", "prompt": "p"} for key in (ONE, TWO)])
    removed = first.with_columns(pl.Series("prompt", ["p", "another"]))
    removed = table("foreground_removed_scores", removed.select("id", "theme", "prompt").to_dicts())
    given = tables(edited_frame0_scores=first, foreground_removed_scores=removed)
    assert flatten("foreground_removed_scores", given)["prompt_is_repeated"].to_list() == ["", "another"]


def test_a_path_that_no_asset_has_is_shown() -> None:
    """Of the kinds of video that the theme has any asset of."""
    rows = table("annotations", [csv_row(ONE), csv_row(TWO)])
    given = tables(annotations=rows, assets=assets((ONE, "source_video")))
    found = flatten("annotations", given)["paths_resolve"].to_list()
    assert found == ["", "time/source_video/Sparkle_time_000002.mp4"]
    assert flatten("annotations", tables(annotations=rows))["paths_resolve"].to_list() == [None, None]


def test_a_released_sample_is_scored_and_passes() -> None:
    """A table that has the theme and lacks the sample is named, and each stage whose cut-off it misses."""
    rows = table("annotations", [csv_row(ONE), csv_row(TWO)])
    given = tables(annotations=rows, **scored({ONE: 8.2}))
    found = flatten("annotations", given)
    assert found["sample_passes"].to_list() == ["foreground_removed 8.2", ""]
    assert found["sample_is_scored"].to_list() == [
        "",
        "edited_frame0_scores, foreground_removed_scores, edited_video_scores",
    ]


def test_a_passing_sample_is_released() -> None:
    """One that reaches all cut-offs and is not in the annotations of its theme is told."""
    given = tables(annotations=table("annotations", [csv_row(ONE)]), **scored({ONE: 9.0, TWO: 9.0}))
    found = flatten("edited_video_scores", given)
    assert found["passing_is_released"].to_list() == ["", "passes, not released"]


def test_a_sample_of_one_file_alone_is_told() -> None:
    """Where the theme has both files."""
    both = csv_row(ONE) | metadata(ONE)
    found = flatten("annotations", tables(annotations=table("annotations", [both, csv_row(TWO)])))
    assert found["stands_in_both_files"].to_list() == ["", "not in the metadata"]
    alone = flatten("annotations", tables(annotations=table("annotations", [csv_row(TWO)])))
    assert alone["stands_in_both_files"].to_list() == [None]


def test_the_second_round_repeats_the_labels_of_the_first() -> None:
    """Other labels are shown."""
    given = tables(
        grounding_r1=grounding("grounding_r1", ONE, round1_labels=["dog"], round1_objects=[]),
        grounding_r2=grounding(
            "grounding_r2", ONE, round1_labels=["cat"], round1_objects=[], frame_objects=[[]]
        ),
    )
    assert flatten("grounding_r2", given)["round1_is_repeated"].to_list() == ["cat"]
