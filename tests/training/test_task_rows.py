"""The rows of training tasks: whose they are, what they name, and which the loader would not load."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.made.media import file, media
from tests.made.tables import annotations, csv_row, scores, theme_of

from sparkle_curation.errors import EmptyOutputError, StaleTableError
from sparkle_curation.filtering.choices import ExportScope
from sparkle_curation.loader.kiwi_edit import LoaderSettings
from sparkle_curation.spec.stages import CRITERIA, STAGES
from sparkle_curation.spec.training_tasks import (
    REFERENCES_OPTION,
    STILLS_OPTION,
    TRAINING_TASKS,
    VIDEOS_OPTION,
    csv_name,
    is_of_pairs,
    metadata_option,
)
from sparkle_curation.training.task_rows import (
    add_prompts,
    check_filled,
    drop_unloadable,
    hold_out,
    list_candidates,
    list_rows,
)
from sparkle_curation.variant.split import SplitParams

A, B, C, D = "Sparkle_time_000001", "Sparkle_style_000002", "Sparkle_time_000003", "Sparkle_openve3m_000004"
PAIRS = TRAINING_TASKS["video_edit"]
FIRST_FRAMES, REMOVAL = TRAINING_TASKS["first_frame_edit"], TRAINING_TASKS["foreground_removal"]
CONTROL, REFERENCE = TRAINING_TASKS["control_video"], TRAINING_TASKS["reference_guided"]
FIRST, LAST = STAGES[0].criteria[0].name, CRITERIA[-1].name
NO_GROUPS = pl.DataFrame(schema={"id": pl.String, "group": pl.String})


def variant(*ids: str, split: str = "train", **paths: str) -> pl.DataFrame:
    """Samples of a variant."""
    rows = [{**csv_row(key), **paths, "split": split} for key in ids]
    columns = ("id", "theme", "prompt", "src_video", "tgt_video", "split")
    return pl.DataFrame(
        rows, schema=dict.fromkeys(rows[0], pl.String) if rows else dict.fromkeys(columns, pl.String)
    ).select(columns)


def verdicts(**rejected_by: str | None) -> pl.DataFrame:
    """Verdicts: id -> the criterion that rejects it."""
    return pl.DataFrame(
        [
            {"id": key, "theme": theme_of(key), "rejected_by": criterion, "is_released": True}
            for key, criterion in rejected_by.items()
        ],
        schema={"id": pl.String, "theme": pl.String, "rejected_by": pl.String, "is_released": pl.Boolean},
    )


def candidates(task: Any, *ids: str) -> pl.DataFrame:
    """Candidates of a task of the variant."""
    return list_candidates(task, variant(*ids), verdicts(), ExportScope())


def test_a_pair_that_fails_later_trains_what_it_passed() -> None:
    """Its first frame was good: it is a candidate of first frames, and not of the stages behind."""
    found = verdicts(**{A: None, B: LAST, C: FIRST})
    assert list_candidates(FIRST_FRAMES, variant(A), found, ExportScope())["id"].to_list() == [A, B]
    assert list_candidates(PAIRS, variant(A), found, ExportScope())["id"].to_list() == [A]


def test_what_the_benchmark_shares_trains_nothing_unless_it_is_kept() -> None:
    """A sample of a benchmark passed the first stages: it is no candidate of these either."""
    told = pl.when(pl.col("id") == B).then(pl.lit("id of x")).alias("benchmark_leak")
    found = verdicts(**{A: None, B: LAST}).with_columns(told)
    assert list_candidates(FIRST_FRAMES, variant(A), found, ExportScope())["id"].to_list() == [A]
    kept = ExportScope(benchmark_leakage="keep")
    assert list_candidates(FIRST_FRAMES, variant(A), found, kept)["id"].to_list() == [A, B]


def test_a_licence_that_is_not_allowed_gives_no_candidate() -> None:
    """Of a sample outside of the variant too."""
    found = verdicts(**{A: LAST, D: LAST})
    assert list_candidates(FIRST_FRAMES, variant(), found, ExportScope(["cc-by-4.0"]))["id"].to_list() == [A]


def test_what_is_held_out_trains_no_task() -> None:
    """A sample that shares its source clip with one of the validation split is held out with it."""
    params = SplitParams(val_share=0.5, grouped_by="file")
    groups = pl.DataFrame({"id": [A, B, C], "group": ["g", "g", "h"]})
    every = list_candidates(FIRST_FRAMES, variant(), verdicts(**{A: None, B: LAST, C: LAST}), ExportScope())
    for seed in range(8):
        of_seed = params.model_copy(update={"seed": seed})
        kept = set(hold_out(every, variant(), groups, of_seed)["id"])
        assert (A in kept) == (B in kept)


def test_a_variant_that_was_split_otherwise_is_stale() -> None:
    """Nobody knows then what it holds out."""
    every = list_candidates(FIRST_FRAMES, variant(A, split="val"), verdicts(**{A: None}), ExportScope())
    with pytest.raises(StaleTableError, match="split otherwise"):
        hold_out(every, variant(A, split="val"), NO_GROUPS, SplitParams())


def test_prompts_are_the_variants_then_the_annotations_then_the_tables() -> None:
    """Each sample has the first that there is; one without any keeps none."""
    every = list_candidates(
        FIRST_FRAMES, variant(A), verdicts(**{A: None, B: LAST, C: LAST, D: LAST}), ExportScope()
    )
    every = every.with_columns(pl.col("id").is_in([A, B]).alias("is_released"))
    tables = scores(**{STAGES[0].name: {C: 9.0}})
    found = add_prompts(every, annotations(csv_row(B, prompt="its own")), tables)
    told = dict(found.select("id", "prompt").iter_rows())
    assert told == {A: f"prompt of {A}", B: "its own", C: f"{STAGES[0].name} of {C}", D: None}


def test_rows_name_what_the_description_says() -> None:
    """Kinds of the pair as the variant's CSV has them, others by the layout; a prompt of the task's own."""
    (row,) = list_rows(
        REFERENCE, list_candidates(REFERENCE, variant(A, src_video="./odd.mp4"), verdicts(), ExportScope())
    ).to_dicts()
    assert (row["src_video"], row["tgt_video"], row["ref_image"]) == (
        "./odd.mp4",
        f"time/edited_video/{A}.mp4",
        f"intermediate_data/time/edited_frame0_foreground_removed/{A}.png",
    )
    removal = list_candidates(REMOVAL, variant(), verdicts(**{A: None}), ExportScope())
    (row,) = list_rows(REMOVAL, removal).to_dicts()
    assert row["prompt"] == REMOVAL.prompt
    assert row["src_video"] == f"intermediate_data/time/edited_frame0/{A}.png"


def test_each_task_has_an_option_and_a_csv_of_its_own() -> None:
    """Stills, videos and references go to one option each of the trainer; the pairs alone are ``train.csv``."""
    assert [metadata_option(task) for task in (FIRST_FRAMES, PAIRS, CONTROL)] == [
        STILLS_OPTION, VIDEOS_OPTION, REFERENCES_OPTION,
    ]  # fmt: skip
    assert [csv_name(task) for task in (PAIRS, CONTROL)] == ["train.csv", "train_control_video.csv"]
    assert [is_of_pairs(task) for task in TRAINING_TASKS.values()] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({CONTROL.source: None}, "missing_file"),
        ({CONTROL.reference: None}, "missing_file"),
        ({CONTROL.target: {"error": "no_frames"}}, "corrupt_file"),
        ({CONTROL.reference: {"error": "truncated"}}, "corrupt_file"),
        ({CONTROL.reference: {"height_px": 20}}, "too_small"),
        ({CONTROL.source: {"width_px": 640}}, "size_mismatch"),
        ({CONTROL.source: {"height_px": 704}}, None),
        ({CONTROL.source: {"frame_count": 70}}, "frame_count_mismatch"),
        ({CONTROL.source: {"frame_count": 83}}, None),
        ({CONTROL.source: {"sampling_hash": "x"}}, "uneven_frames"),
        ({CONTROL.reference: {"width_px": 640, "height_px": 640}}, None),
    ],
    ids=str,
)
def test_a_row_that_would_not_load_is_dropped_with_its_reason(
    changes: dict[str, Any], reason: str | None
) -> None:
    """Source and target must come out alike; a reference may have any size that leaves a picture."""
    kinds = (CONTROL.source, CONTROL.target, CONTROL.reference)
    files = [
        file(A, str(kind), **changes.get(kind, {})) for kind in kinds if changes.get(kind, {}) is not None
    ]
    rows, dropped = drop_unloadable(
        list_rows(CONTROL, candidates(CONTROL, A)), media(*files), LoaderSettings()
    )
    assert dropped["reason"].to_list() == ([reason] if reason else [])
    assert rows["id"].to_list() == ([] if reason else [A])


@pytest.mark.parametrize(("prompt", "reason"), [(None, "no_prompt"), ("NA", "prompt_read_as_nan")])
def test_a_row_without_a_prompt_is_dropped(prompt: str | None, reason: str) -> None:
    """Or with one that pandas reads as missing."""
    every = candidates(CONTROL, A).with_columns(pl.lit(prompt, pl.String).alias("prompt"))
    _, dropped = drop_unloadable(list_rows(CONTROL, every), media(), LoaderSettings())
    assert dropped["reason"].to_list() == [reason]


def test_the_pairs_of_the_variant_stay() -> None:
    """Its preflight has looked at them, and may have been told to keep them."""
    listed = list_rows(PAIRS, candidates(PAIRS, A))
    rows, dropped = drop_unloadable(listed, media(), LoaderSettings())
    assert rows.equals(listed)
    assert dropped.columns == ["task", "id", "theme", "reason", "detail"]


def test_a_task_without_a_row_is_told_with_why() -> None:
    """An empty CSV would stop the trainer after it has taken its GPUs."""
    rows, dropped = drop_unloadable(list_rows(CONTROL, candidates(CONTROL, A, C)), media(), LoaderSettings())
    with pytest.raises(EmptyOutputError, match="'control_video' has no row") as told:
        check_filled(rows, dropped, [CONTROL.name], allow_empty=False)
    assert str(told.value.got).startswith(
        "2 missing_file, such as intermediate_data/time/edited_video_canny/"
    )
    check_filled(rows, dropped, [CONTROL.name], allow_empty=True)
