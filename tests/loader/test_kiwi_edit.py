"""What the loader makes of frame counts, sizes and file names."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from sparkle_curation.loader.kiwi_edit import (
    LoaderSettings,
    file_type,
    is_read_as_missing,
    loaded_frame_count,
    loaded_size,
)


def frames_of(counts: list[int | None], **settings: int) -> list[int | None]:
    """The loaded frames of videos with these counts."""
    count = loaded_frame_count(pl.Series(counts, dtype=pl.Int32), LoaderSettings(**settings))  # type: ignore[arg-type]
    return pl.select(count).to_series().to_list()


def size_of(width_px: int | None, height_px: int | None, **settings: int) -> tuple[int | None, int | None]:
    """The loaded size of a video of this size."""
    video = pl.DataFrame({"w": [width_px], "h": [height_px]}, schema={"w": pl.Int32, "h": pl.Int32})
    return video.select(loaded_size(pl.col("w"), pl.col("h"), LoaderSettings(**settings))).row(0)  # type: ignore[arg-type]


def test_frames_are_cut_to_a_multiple_of_four_and_one() -> None:
    """All lengths of the release stay; others lose up to three frames, and up to four leave one."""
    assert frames_of([69, 73, 77, 81, 80, 66, 68, 65, 5, 4, 3, 2, 1]) == [
        *(69, 73, 77, 81, 77, 65, 65, 65, 5),
        *(1, 1, 1, 1),
    ]


def test_enough_frames_are_exactly_those_asked_for() -> None:
    """The number asked for need be no ``4n + 1`` itself."""
    assert frames_of([81, 82, 101]) == [81, 81, 81]
    assert frames_of([80, 79], num_frames=80) == [80, 77]


def test_no_frames_stay_none() -> None:
    """A video without frames, and one whose count is not known."""
    assert frames_of([0, None]) == [0, None]


@given(st.integers(0, 10_000), st.integers(1, 200))
def test_frames_are_the_most_that_fit(count: int, num_frames: int) -> None:
    """Counted down one by one gives the same."""
    expected = min(count, num_frames)
    while count < num_frames and expected > 1 and expected % 4 != 1:
        expected -= 1
    assert frames_of([count], num_frames=num_frames) == [expected]


@pytest.mark.parametrize(
    ("size", "loaded"),
    [
        ((1280, 720), (1280, 704)),
        ((1280, 704), (1280, 704)),
        ((1920, 1080), (1280, 704)),
        ((832, 480), (832, 480)),
        ((640, 360), (640, 352)),
        ((720, 1280), (704, 1280)),
        ((31, 500), (0, 480)),
        ((None, 720), (None, 704)),
    ],
)
def test_sizes_are_scaled_down_and_cut(
    size: tuple[int | None, int | None], loaded: tuple[int | None, int | None]
) -> None:
    """What was seen of the loader at the script's 921600 pixels; nothing is ever scaled up."""
    assert size_of(*size) == loaded


def test_more_pixels_keep_more() -> None:
    """The loader's own default is a square of 1024."""
    assert size_of(1920, 1080, max_pixels=1024 * 1024) == (1344, 768)
    assert size_of(1280, 720, max_pixels=1024 * 1024) == (1280, 704)


def test_a_forced_size_is_taken_as_it_is() -> None:
    """Not even cut to a multiple of 32."""
    assert size_of(1280, 720, height=481, width=833) == (833, 481)
    assert size_of(None, None, height=481, width=833) == (None, None)


@given(st.integers(1, 8192), st.integers(1, 8192), st.integers(1, 1 << 24))
@example(1920, 1080, 921_600)
@example(2560, 1440, 921_600)
@example(8192, 8192, 1 << 20)
def test_sizes_are_those_of_plain_arithmetic(width: int, height: int, max_pixels: int) -> None:
    """The expression rounds as Python does."""
    wanted = (width, height)
    if width * height > max_pixels:
        scale = (width * height / max_pixels) ** 0.5
        wanted = (int(width / scale), int(height / scale))
    assert size_of(width, height, max_pixels=max_pixels) == tuple(side // 32 * 32 for side in wanted)


def test_files_are_opened_by_their_last_extension() -> None:
    """In any case of letters; what has none, or another, is an error."""
    paths = ["a.mp4", "a.MOV", "a.mp4.gif", "x/a.JPEG", "mp4", "a.mp4/b", "a.m4v", "a.mp4 ", "", None]
    found = pl.select(file_type(pl.Series(paths, dtype=pl.String))).to_series().to_list()
    # a bare `mp4` has no dot, and the loader takes all of it for the extension
    assert found == ["video", "video", "gif", "image", "video", None, None, None, None, None]


def test_cells_that_pandas_takes_for_missing() -> None:
    """The words alone, in their own case, and no cell at all."""
    cells = pl.Series(["NA", "null", "", None, "na", "NULL ", "a"], dtype=pl.String)
    assert pl.select(is_read_as_missing(cells)).to_series().to_list() == [True] * 4 + [False] * 3


@pytest.mark.parametrize(
    "settings",
    [
        {"num_frames": 0},
        {"num_frames": "81"},
        {"max_pixels": 1.5},
        {"height": 480},
        {"width": 832},
        {"height": 0, "width": 832},
        {"fps": 16},
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object]) -> None:
    """Of height and width the loader passes over one alone, so that is taken for a mistake."""
    with pytest.raises(ValidationError):
        LoaderSettings.model_validate(settings)
