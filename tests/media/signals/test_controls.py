"""The signals on real pairs: each tells what it is meant to tell from controls that are made to be told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.conftest import SPARKLE_REAL

from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.signals.batch_signals import BURST, measured_frames, shrink
from sparkle_curation.media.signals.measures import Signals, measure_signals

SIZE = 320, 180
FRAMES, STEP = 5, 8
LENGTH = 37
"""Of each clip so many frames are looked at: decoding all of them costs a test twice as long."""
DRAWN = {
    "Sparkle_location_000223": [[430, 180, 600, 480], [360, 480, 680, 880]],
    "Sparkle_location_000598": [[560, 80, 800, 600], [380, 600, 980, 1000]],
    "Sparkle_openve3m_000006": [[260, 130, 500, 600], [200, 600, 700, 1000]],
    "Sparkle_openve3m_000030": [[590, 90, 860, 730], [540, 700, 840, 1000]],
    "Sparkle_openve3m_000152": [[630, 120, 820, 350], [580, 350, 900, 830]],
    "Sparkle_openve3m_000185": [[400, 80, 620, 1000], [250, 120, 850, 320]],
    "Sparkle_season_000029": [[200, 20, 370, 400], [120, 400, 430, 950]],
    "Sparkle_season_000111": [[540, 330, 660, 520], [440, 500, 700, 1000]],
    "Sparkle_style_000298": [[390, 130, 580, 480], [260, 480, 740, 1000]],
    "Sparkle_style_000737": [[180, 90, 320, 330], [140, 330, 340, 1000]],
    "Sparkle_time_000028": [[620, 20, 790, 450], [460, 450, 980, 1000]],
    "Sparkle_time_000367": [[350, 100, 560, 520], [250, 520, 600, 1000]],
}
"""Head and body of the subject, drawn by eye in 0-1000: no mask of these pairs is at hand."""

Frames = NDArray[np.float32]
Clips = dict[str, tuple[Frames, Frames, NDArray[np.bool_]]]


def mask_of(boxes: list[list[int]]) -> NDArray[np.bool_]:
    """The boxes as a mask of every measured frame."""
    width, height = SIZE
    mask = np.zeros((FRAMES, height, width), bool)
    for x1, y1, x2, y2 in boxes:
        mask[:, y1 * height // 1000 : y2 * height // 1000, x1 * width // 1000 : x2 * width // 1000] = True
    return mask


def read(path: Path) -> Frames:
    """The bursts of frames that are measured of a clip, small and grey."""
    ends = measured_frames(LENGTH, FRAMES, STEP)
    with path.open("rb") as file:
        return shrink(
            read_frames(file, [end - back for end in ends for back in reversed(range(BURST))]), SIZE
        )


@pytest.fixture(scope="module")
def clips() -> Clips:
    """Source, edit and mask of each pair."""
    if not SPARKLE_REAL.is_dir():
        pytest.skip("what signals tell of real pairs can be seen on real pairs alone")
    found: Clips = {}
    for name, boxes in DRAWN.items():
        folder = SPARKLE_REAL / name.split("_")[1]
        videos = [read(folder / kind / f"{name}.mp4") for kind in ("source_video", "edited_video")]
        found[name] = (videos[0], videos[1], mask_of(boxes))
    return found


def measured(source: Frames, edited: Frames, mask: NDArray[np.bool_]) -> Signals:
    """The signals with the default margin and least number of pixels."""
    return measure_signals(source, edited, mask, margin_px=3, min_pixels=200, burst=BURST)


def test_an_edit_is_told_from_a_shifted_and_from_another_one(clips: Clips) -> None:
    """Every true pair is above 0.4 in its worst frame; shifted by 4 px, and with another pair's edit, none comes near."""
    names = list(clips)
    true = [measured(*clips[name]) for name in names]
    shifted = [measured(source, np.roll(edited, 4, axis=2), mask) for source, edited, mask in clips.values()]
    others = [
        measured(clips[name][0], clips[other][1], clips[name][2])
        for name, other in zip(names, names[1:] + names[:1], strict=True)
    ]
    for signal in ("foreground_fidelity_min", "foreground_fidelity_mean"):
        of_true, of_shifted, of_others = (
            [getattr(each, signal) for each in group] for group in (true, shifted, others)
        )
        assert min(of_true) > 0.4
        assert max(of_shifted) < 0.35
        assert max(of_others) < 0.1


def test_light_alone_changes_nothing(clips: Clips) -> None:
    """The source as a dim negative is still the same foreground; a correlation would call it the opposite."""
    for source, _, mask in clips.values():
        assert (measured(source, 200 - 0.4 * source, mask).foreground_fidelity_min or 0) > 0.99


def test_an_edit_is_told_from_the_unedited_source(clips: Clips) -> None:
    """Its background is another one; the source under other light and with noise has the old one."""
    noise = np.random.default_rng(0)
    edits = [measured(*pair).background_novelty for pair in clips.values()]
    unedited = [
        measured(
            source, np.float32(0.8) * source + noise.normal(10, 2, source.shape).astype(np.float32), mask
        )
        for source, _, mask in clips.values()
    ]
    assert min(value for value in edits if value is not None) > 0.8
    assert max(each.background_novelty or 0 for each in unedited) < 0.6


def test_a_living_background_is_told_from_a_still_one(clips: Clips) -> None:
    """Edits change by more than a level in 8 frames; one whose background is held does not, though the subject moves."""
    for source, edited, mask in clips.values():
        held = np.where(np.repeat(mask, BURST, axis=0), edited, edited[:1])
        assert (measured(source, edited, mask).background_liveliness or 0) > 1.5
        assert measured(source, held, mask).background_liveliness == 0


def test_flicker_is_told_from_the_subjects_own_motion(clips: Clips) -> None:
    """An edit whose light goes up and down by five levels has more of it than any of the real ones."""
    lamp = np.where(np.arange(FRAMES * BURST) % 2, 5, -5).astype(np.float32)[:, None, None]
    true = [measured(*pair).flicker_excess for pair in clips.values()]
    lit = [measured(source, edited + lamp, mask).flicker_excess for source, edited, mask in clips.values()]
    assert max(value for value in true if value is not None) < min(
        value for value in lit if value is not None
    )
