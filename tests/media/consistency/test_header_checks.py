"""What the headers of a sample's assets say of each other, and how many samples fail."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.made.media import clips, file, media
from tests.made.tables import table

from sparkle_curation.media.consistency.counts import count_failures
from sparkle_curation.media.consistency.header_checks import check_headers
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.consistency import CONSISTENCY_COLUMNS, HEADER_CHECKS

A, B = "Sparkle_time_000001", "Sparkle_time_000002"
CHECKS = [field.name for field in HEADER_CHECKS]
MASK = {"width_px": 1280, "height_px": 720, "frame_count": 81}


def grounding(sample_id: str, frame_count: int) -> pl.LazyFrame:
    """Round 2 with one box on each of so many frames."""
    box = {"bbox_2d": [0.0, 0.0, 10.0, 10.0], "label": "a"}
    return table("grounding_r2", [{"id": sample_id, "frame_objects": [[box]] * frame_count}]).lazy()


NO_GROUNDING = table("grounding_r2").lazy()


def whole(sample_id: str, **changes: dict[str, Any]) -> pl.DataFrame:
    """All assets of a sample that fit each other, but for the changes by kind."""
    kinds = ("source_video", "edited_video", "source_frame0", "edited_frame0", "edited_video_canny")
    mask = {**MASK, **changes.get("source_video_mask", {})}
    return pl.concat(
        [
            *(file(sample_id, kind, **changes.get(kind, {})) for kind in kinds),
            file(sample_id, "source_video_mask", **mask),
        ]
    )


def checked(found: pl.DataFrame, grounding_r2: pl.LazyFrame = NO_GROUNDING) -> dict[str, bool | None]:
    """The checks of the first sample."""
    return check_headers(found, grounding_r2).drop("id", "theme").to_dicts()[0]


def test_assets_that_fit_pass_every_check() -> None:
    """81 frames at 16 a second are eleven at 2 a second."""
    assert checked(whole(A), grounding(A, 11)) == dict.fromkeys(CHECKS, True)


@pytest.mark.parametrize(
    ("check", "kind", "facts"),
    [
        ("is_pair_frame_count_equal", "edited_video", {"frame_count": 77}),
        ("is_pair_fps_equal", "edited_video", {"fps": 15.0}),
        ("is_pair_size_equal", "edited_video", {"height_px": 704}),
        ("is_mask_shape_equal", "source_video_mask", {"frame_count": 80}),
        ("is_mask_shape_equal", "source_video_mask", {"width_px": 640}),
        ("is_source_frame0_size_equal", "source_frame0", {"width_px": 1024}),
        ("is_edited_frame0_size_equal", "edited_frame0", {"height_px": 704}),
        ("is_edges_shape_equal", "edited_video_canny", {"frame_count": 80}),
    ],
)
def test_each_check_fails_by_itself(check: str, kind: str, facts: dict[str, Any]) -> None:
    """An asset that does not fit fails its own check; others fail only where they look at the same fact."""
    found = checked(whole(A, **{kind: facts}), grounding(A, 11))
    assert found[check] is False
    alone = {"source_video_mask", "source_frame0", "edited_frame0", "edited_video_canny"}
    if kind in alone:
        assert [name for name, value in found.items() if not value] == [check]


@pytest.mark.parametrize(
    ("frames", "fps", "expected"),
    [(69, 16.0, 9), (73, 16.0, 10), (81, 16.0, 11), (101, 20.0, 11), (30, 15.0, 4)],
)
def test_grounded_frames_are_two_a_second(frames: int, fps: float, expected: int) -> None:
    """Frames at 0 s, 0.5 s and so on, whatever the rate; one more or fewer is noticed."""
    video = whole(A, source_video={"frame_count": frames, "fps": fps})
    assert [
        checked(video, grounding(A, count))["is_grounding_frame_count_equal"]
        for count in (expected - 1, expected, expected + 1)
    ] == [False, True, False]


def test_a_broken_side_says_nothing() -> None:
    """A broken mask has no shape, whatever its row says; and a sample without a mask neither."""
    broken = whole(A, source_video_mask={"error": "truncated"})
    assert checked(broken)["is_mask_shape_equal"] is None
    assert checked(clips(A))["is_mask_shape_equal"] is None


def test_an_absent_edges_video_fails_where_others_are_there() -> None:
    """A theme of which the available release has no edges video is not blamed for it."""
    found = check_headers(media(whole(A), clips(B)), NO_GROUNDING)
    assert found["has_edges_video"].to_list() == [True, False]
    assert check_headers(clips(B), NO_GROUNDING)["has_edges_video"].to_list() == [None]
    other_theme = media(whole(A), clips("Sparkle_style_000001"))
    assert check_headers(other_theme, NO_GROUNDING)["has_edges_video"].to_list() == [None, True]


def test_no_media_is_no_row() -> None:
    """Nothing in, nothing out, with the columns."""
    found = check_headers(media(), NO_GROUNDING)
    assert (found.height, found.columns) == (0, ["id", "theme", *CHECKS])


# ------------------------------------------------------------------ counts
def consistency(*rows: dict[str, Any]) -> pl.DataFrame:
    """The table ``consistency`` with these rows; what a row does not say is null."""
    schema = pl.DataFrame(pl.from_arrow(arrow_schema(CONSISTENCY_COLUMNS).empty_table())).schema
    return pl.DataFrame(list(rows), schema=schema)


def test_failures_are_counted_by_theme_and_check() -> None:
    """Below and beyond a bound, false, broken; what is null is neither checked nor failed."""
    table = consistency(
        {"id": A, "theme": "time", "is_pair_fps_equal": False, "mask_share": 0.1, "mask_flicker": 0.3},
        {"id": B, "theme": "time", "is_pair_fps_equal": True, "mask_share": 0.2, "error": "truncated"},
        {"id": "Sparkle_style_000001", "theme": "style", "mask_share": 0.05},
    )
    bounds = {"min_mask_share": 0.1, "max_mask_share": None, "max_mask_flicker": 0.2}
    counts = count_failures(table, bounds)
    assert counts.height == 2 * (1 + len(CHECKS) + 2)
    odd = counts.filter(pl.col("failed_count") > 0)
    assert odd.rows() == [
        ("time", "is_whole", None, 2, 2, 1, B),
        ("time", "is_pair_fps_equal", None, 2, 2, 1, A),
        ("time", "max_mask_flicker", 0.2, 2, 1, 1, A),
        ("style", "min_mask_share", 0.1, 1, 1, 1, "Sparkle_style_000001"),
    ]


def test_no_samples_fail_nothing() -> None:
    """An empty table has no row, and its columns."""
    counts = count_failures(consistency(), {"min_mask_share": 0.1})
    assert_frame_equal(counts, count_failures(consistency({"id": A, "theme": "time"}), {}).clear())
