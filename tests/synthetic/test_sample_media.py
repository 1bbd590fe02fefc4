"""The media of the made release: clips that decode, masks true to the clips, boxes true to the masks."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.themes import THEMES
from synthetic.clips import bounding_box, draw_clip, edges
from synthetic.encode import mask_npz_bytes, mp4_bytes, png_bytes
from synthetic.figures import EXTRAS, draw_figure
from synthetic.scenery import EDITED, SOURCE
from synthetic.shapes import HEIGHT_PX, WIDTH_PX
from synthetic.texts import SETTINGS

if TYPE_CHECKING:
    from conftest import MadeRelease

Frames = NDArray[np.uint8]
CODEC_LOSS = 8  # mean difference, of 255: compression makes 6.6 at most here, another scene 9.4 at least


def decoded(content: bytes) -> Frames:
    """All frames of a video or an image, RGB."""
    with av.open(io.BytesIO(content)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def load_mask(content: bytes) -> NDArray[np.bool_]:
    """A mask, unpacked as the dataset card says."""
    data = np.load(io.BytesIO(content), allow_pickle=False)
    assert sorted(data.files) == ["mask", "shape"]
    assert (data["mask"].dtype, data["mask"].ndim) == (np.uint8, 1)
    shape = tuple(int(side) for side in data["shape"])
    return np.unpackbits(data["mask"])[: int(np.prod(shape))].reshape(shape).astype(bool)


def whole_samples(made_release: MadeRelease, theme: str) -> list[str]:
    """The samples of a theme that have all assets."""
    return list(made_release.records(theme, "edited_video_scores"))


@pytest.mark.parametrize("theme", THEMES)
def test_clips_are_h264_at_16_frames_a_second_and_of_equal_length(
    made_release: MadeRelease, theme: str
) -> None:
    """Source, edit, mask and edges have 81, 73 or 69 frames alike, the background 81; one key frame each."""
    for sample in whole_samples(made_release, theme):
        counts = {}
        for kind in ("source_video", "edited_video", "edited_background_video", "edited_video_canny"):
            with av.open(io.BytesIO(made_release.assets[asset_path(theme, kind, sample)])) as container:
                stream = container.streams.video[0]
                assert (stream.codec.name, stream.pix_fmt) == ("h264", "yuv420p")
                assert (stream.width, stream.height) == (WIDTH_PX, HEIGHT_PX)
                assert (stream.average_rate, len(container.streams)) == (16, 1)
                told_count, frames = stream.frames, list(container.decode(video=0))
            assert [frame.time_base * frame.pts for frame in frames] == [
                Fraction(number, 16) for number in range(told_count)
            ]
            assert [frame.key_frame for frame in frames].count(True) == 1
            counts[kind] = len(frames)
        mask = load_mask(made_release.assets[asset_path(theme, "source_video_mask", sample)])
        length = counts["source_video"]
        assert length in (81, 73, 69)
        assert counts == {
            "source_video": length,
            "edited_video": length,
            "edited_background_video": 81,
            "edited_video_canny": length,
        }
        assert mask.shape == (length, HEIGHT_PX, WIDTH_PX)


def test_all_three_lengths_occur(made_release: MadeRelease) -> None:
    """81, 73 and 69 frames, as in the published clips."""
    lengths = {
        load_mask(made_release.assets[asset_path(theme, "source_video_mask", sample)]).shape[0]
        for theme in THEMES
        for sample in whole_samples(made_release, theme)
    }
    assert lengths == {81, 73, 69}


@pytest.mark.parametrize("theme", THEMES)
def test_the_mask_holds_what_source_and_edit_share(made_release: MadeRelease, theme: str) -> None:
    """Inside the mask the two clips agree, and outside it the edit is the background clip."""
    for sample in whole_samples(made_release, theme)[:6]:
        source, edited, background = (
            decoded(made_release.assets[asset_path(theme, kind, sample)]).astype(int)
            for kind in ("source_video", "edited_video", "edited_background_video")
        )
        mask = load_mask(made_release.assets[asset_path(theme, "source_video_mask", sample)])
        inside, outside = np.abs(source - edited)[mask].mean(), np.abs(source - edited)[~mask].mean()
        as_background = np.abs(edited - background[: len(edited)])
        assert inside < 0.5 * outside
        assert as_background[~mask].mean() < CODEC_LOSS
        assert as_background[mask].mean() > 4 * as_background[~mask].mean()


@pytest.mark.parametrize("theme", THEMES)
def test_the_stills_are_the_first_frames(made_release: MadeRelease, theme: str) -> None:
    """Each PNG is the first frame of its video, as near as the video's compression lets it."""
    pairs = {
        "source_frame0": "source_video",
        "edited_frame0": "edited_video",
        "edited_frame0_foreground_removed": "edited_background_video",
    }
    for sample in whole_samples(made_release, theme)[:6]:
        for still_kind, video_kind in pairs.items():
            still = decoded(made_release.assets[asset_path(theme, still_kind, sample)])[0].astype(int)
            video = decoded(made_release.assets[asset_path(theme, video_kind, sample)])
            assert np.abs(still - video[0]).mean() < CODEC_LOSS


@pytest.mark.parametrize("theme", THEMES)
def test_boxes_lie_around_the_mask(made_release: MadeRelease, theme: str) -> None:
    """On each frame sampled at 2 FPS, the boxes that were found together span the mask's bounding box."""
    for sample, record in made_release.records(theme, "grounding_r2").items():
        mask = load_mask(made_release.assets[asset_path(theme, "source_video_mask", sample)])
        assert len(record["frame_objects"]) == len(range(0, len(mask), 8))
        for frame, objects in zip(range(0, len(mask), 8), record["frame_objects"], strict=True):
            assert [one["label"] for one in objects] == record["round1_labels"]
            boxes = [one["bbox_2d"] for one in objects]
            if all(boxes):
                assert union(boxes) == bounding_box(mask[frame])
            if frame == 0:
                found = [
                    (box, full["bbox_2d"]) for box, full in zip(boxes, record["round1_objects"], strict=True)
                ]
                assert all(box in ([], full) for box, full in found)
                assert union([full for _, full in found]) == bounding_box(mask[0])


def union(boxes: list[list[int]]) -> list[int]:
    """The box around all boxes."""
    lows, highs = [box[:2] for box in boxes], [box[2:] for box in boxes]
    return [*map(min, zip(*lows, strict=True)), *map(max, zip(*highs, strict=True))]


def test_round_1_found_everything_and_round_2_missed_some(made_release: MadeRelease) -> None:
    """Round 2 repeats round 1 unchanged; a few of its own boxes are empty; labels need not be unique."""
    missed, repeated = 0, 0
    for theme in THEMES:
        first = made_release.records(theme, "grounding_r1")
        for sample, record in made_release.records(theme, "grounding_r2").items():
            assert {key: record[key] for key in first[sample]} == first[sample]
            assert all(one["bbox_2d"] for one in record["round1_objects"])
            boxes = [one["bbox_2d"] for objects in record["frame_objects"] for one in objects]
            missed += boxes.count([])
            repeated += len(set(record["round1_labels"])) < len(record["round1_labels"])
            assert all(len(box) in (0, 4) for box in boxes)
            assert all(
                0 <= x1 < x2 <= 1000 and 0 <= y1 < y2 <= 1000 for x1, y1, x2, y2 in filter(None, boxes)
            )
    assert missed >= 30
    assert repeated >= 3


def test_every_keyword_has_a_backdrop_and_words() -> None:
    """What can be asked for can be drawn, and the other way round; 22 keywords, none of them openve3m's own."""
    assert set(EDITED) == set(SETTINGS)
    assert len(EDITED) == 22
    assert {setting.theme for setting in SETTINGS.values()} == set(THEMES) - {"openve3m"}


@settings(max_examples=25)  # each draws a whole clip
@given(
    seed=st.integers(0, 2**32), keyword=st.sampled_from(sorted(EDITED)), scene=st.sampled_from(sorted(SOURCE))
)
def test_the_figure_walks_within_the_frame(seed: int, keyword: str, scene: str) -> None:
    """Whatever is drawn by lot, the foreground moves, stays clear of the frame's sides and is never lost."""
    rng = np.random.default_rng(seed)
    figure = draw_figure(rng)
    clip = draw_clip(figure, scene, keyword, 9, rng)

    assert figure.extra in EXTRAS
    assert len(clip.object_masks) == len(figure.labels)
    assert all(mask.any(axis=(1, 2)).all() for mask in clip.object_masks)
    assert not clip.mask[:, :, [0, -1]].any()
    assert (clip.mask[0] != clip.mask[-1]).any()
    assert (clip.source.shape, clip.edited.shape) == ((9, HEIGHT_PX, WIDTH_PX, 3),) * 2
    assert len(clip.background) == 81
    assert np.isin(edges(clip), (0, 255)).all()


@given(st.data())
def test_a_box_covers_its_pixels_and_no_row_or_column_more(data: st.DataObject) -> None:
    """Scaled back to pixels, the box's sides are the first and the last row and column of the mask."""
    x1, x2 = sorted(data.draw(st.lists(st.integers(0, WIDTH_PX), min_size=2, max_size=2, unique=True)))
    y1, y2 = sorted(data.draw(st.lists(st.integers(0, HEIGHT_PX), min_size=2, max_size=2, unique=True)))
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), bool)
    mask[y1:y2, x1:x2] = True

    box = bounding_box(mask)

    sides = (WIDTH_PX, HEIGHT_PX, WIDTH_PX, HEIGHT_PX)
    assert [round(end * side / 1000) for end, side in zip(box, sides, strict=True)] == [x1, y1, x2, y2]


def test_an_empty_mask_has_no_box() -> None:
    """Where the foreground is not seen there is nothing to put a box around."""
    assert bounding_box(np.zeros((4, 6), bool)) == []


def test_a_png_keeps_every_pixel() -> None:
    """Smooth, flat and noisy images alike come back as they were."""
    noise = np.random.default_rng(1).integers(0, 256, size=(24, 32, 3), dtype=np.uint8)
    slope = np.repeat(np.arange(96, dtype=np.uint8).reshape(24, 4, 1), 8, axis=1).repeat(3, axis=2)
    for image in (noise, slope, np.full((24, 32, 3), 77, np.uint8)):
        np.testing.assert_array_equal(decoded(png_bytes(image))[0], image)


def test_a_mask_keeps_every_bit() -> None:
    """Also where its bits do not fill the last byte."""
    mask = np.random.default_rng(2).random((3, 5, 7)) > 0.5
    np.testing.assert_array_equal(load_mask(mask_npz_bytes(mask)), mask)


def test_a_video_carries_no_note_of_its_encoder() -> None:
    """Nothing in the file names a program or a time, so nothing in it changes with them."""
    content = mp4_bytes(np.full((5, 32, 32, 3), 90, np.uint8))
    assert len(decoded(content)) == 5
    assert b"x264" not in content
    assert b"Lavf" not in content
