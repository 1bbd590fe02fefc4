"""The flat table of boxes: every object of both rounds, on the frame and the pixels of its video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.errors import ConservationError
from sparkle_curation.media.bboxes import grounding_boxes
from sparkle_curation.media.bboxes.bboxes import to_pixels
from sparkle_curation.media.bboxes.grounding_boxes import grounding_box_stream, locate_groundings
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.ingested import GROUNDING_R1, GROUNDING_R2
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
from sparkle_curation.spec.tables.reruns.grounding_boxes import GROUNDING_BOX_COLUMNS

Objects = list[dict[str, Any]]
SCHEMAS = {
    "r1": pl.DataFrame(pl.from_arrow(GROUNDING_R1.schema.empty_table())).schema,
    "r2": pl.DataFrame(pl.from_arrow(GROUNDING_R2.schema.empty_table())).schema,
    "media": pl.DataFrame(pl.from_arrow(arrow_schema(MEDIA_COLUMNS).empty_table())).schema,
    "boxes": pl.DataFrame(pl.from_arrow(arrow_schema(GROUNDING_BOX_COLUMNS).empty_table())).schema,
}


def box(label: str, *bbox: float) -> dict[str, Any]:
    """An object as a grounding has it."""
    return {"bbox_2d": list(bbox), "label": label}


def table(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """A table of these rows; what a row does not say is null."""
    return pl.DataFrame(list(rows), schema=SCHEMAS[name], orient="row")


def sample(number: int) -> dict[str, Any]:
    """Id and theme of a sample."""
    return {"id": f"Sparkle_time_{number:06d}", "theme": "time"}


def video(number: int, **facts: Any) -> dict[str, Any]:
    """The row of a source video: 81 frames of 1280x720, 16 a second, but for the facts."""
    whole = {"width_px": 1280, "height_px": 720, "fps": 16.0, "frame_count": 81}
    return {**sample(number), "kind": "source_video", "path": "a.mp4", **whole, **facts}


def located(r1: pl.DataFrame, r2: pl.DataFrame, media: pl.DataFrame) -> pl.DataFrame:
    """The table of boxes."""
    found = locate_groundings(r1.lazy(), r2.lazy(), media.lazy()).collect()
    assert dict(found.schema) == dict(SCHEMAS["boxes"])
    return found


def test_each_object_of_both_rounds_is_a_row() -> None:
    """Round 1 on frame 0, round 2 on every eighth frame at 16 a second; an empty box is not found."""
    cat, dog, lost = box("cat", 0, 0, 500, 500), box("dog", 448, 26, 765, 998), box("dog")
    found = located(
        table("r1", {**sample(1), "round1_objects": [cat, dog]}),
        table(
            "r2", {**sample(1), "round1_objects": [cat, dog], "frame_objects": [[cat, dog], [], [lost, cat]]}
        ),
        table("media", video(1)),
    )
    cat_px, dog_px = [0, 0, 640, 360], [573, 18, 979, 718]
    columns = [
        "round",
        "sampled_frame_index",
        "frame_index",
        "object_index",
        "label",
        "bbox_xyxy_px",
        "is_found",
    ]
    assert found.select(columns).rows() == [
        (1, 0, 0, 0, "cat", cat_px, True),
        (1, 0, 0, 1, "dog", dog_px, True),
        (2, 0, 0, 0, "cat", cat_px, True),
        (2, 0, 0, 1, "dog", dog_px, True),
        (2, 2, 16, 0, "dog", None, False),
        (2, 2, 16, 1, "cat", cat_px, True),
    ]
    assert found["bbox_2d"].to_list()[1] == dog["bbox_2d"]
    assert found.select("id", "theme").unique().rows() == [("Sparkle_time_000001", "time")]


def test_a_sample_without_round_1_has_it_from_round_2() -> None:
    """Round 2 repeats it; a release may lack the other file. No box is there twice."""
    objects = [box("cat", 0, 0, 500, 500)]
    r2 = table("r2", {**sample(1), "round1_objects": objects, "frame_objects": [objects]})
    media = table("media", video(1))
    with_both = located(table("r1", {**sample(1), "round1_objects": objects}), r2, media)
    assert_frame_equal(located(table("r1"), r2, media), with_both)
    assert with_both["round"].to_list() == [1, 2]


@pytest.mark.parametrize(
    "media",
    [
        table("media"),
        table("media", video(2)),
        table("media", video(1, kind="edited_video")),
        table("media", video(1, error="truncated")),
        table("media", video(1, width_px=None, height_px=None, fps=None, frame_count=None)),
    ],
    ids=["no media", "another sample", "another kind", "a broken video", "a video that tells nothing"],
)
def test_without_the_video_there_are_no_pixels(media: pl.DataFrame) -> None:
    """The boxes stay, and the first frame is the first one; which the others are is not known."""
    objects = [box("cat", 0, 0, 500, 500)]
    found = located(
        table("r1"),
        table("r2", {**sample(1), "round1_objects": [], "frame_objects": [objects, objects]}),
        media,
    )
    assert found.select("frame_index", "bbox_xyxy_px", "is_found").rows() == [
        (0, None, True),
        (None, None, True),
    ]


def test_the_copy_that_is_read_gives_the_pixels() -> None:
    """The loose one, whatever the tar holds; and where that is broken there are none."""
    objects = [box("cat", 0, 0, 500, 500)]
    r1 = table("r1", {**sample(1), "round1_objects": objects})
    in_tar = video(1, container="time_source_video_part00.tar", width_px=640)
    found = located(r1, table("r2"), table("media", in_tar, video(1)))
    assert found["bbox_xyxy_px"].to_list() == [[0, 0, 640, 360]]
    found = located(r1, table("r2"), table("media", in_tar, video(1, error="empty")))
    assert found["bbox_xyxy_px"].to_list() == [None]


@pytest.mark.parametrize(
    ("fps", "frame_count", "indices"),
    [
        (16.0, 69, [0, 8, 16, 24, 32, 40, 48, 56, 64]),
        (16.0, 73, [0, 8, 16, 24, 32, 40, 48, 56, 64, 72]),
        (16.0, 81, [0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80]),
        (25.0, 60, [0, 13, 25, 38, 50, None]),
        (30000 / 1001, 46, [0, 15, 30, 45, None]),
        (2.0, 2, [0, 1, None]),
        (1.0, 9, [0, 1, 2, 3]),
    ],
)
def test_sampled_frames_are_half_a_second_apart(
    fps: float, frame_count: int, indices: list[int | None]
) -> None:
    """Rounded to the nearest, a half up; one that the video does not have is unknown."""
    frames = [[box("cat", 0, 0, 1, 1)]] * len(indices)
    r2 = table("r2", {**sample(1), "round1_objects": [], "frame_objects": frames})
    found = located(table("r1"), r2, table("media", video(1, fps=fps, frame_count=frame_count)))
    assert found["frame_index"].to_list() == indices


def test_empty_tables_and_nulls_give_no_rows() -> None:
    """And all columns."""
    assert located(table("r1"), table("r2"), table("media")).is_empty()
    nulls = located(table("r1", sample(1)), table("r2", sample(2)), table("media", video(1), video(2)))
    assert nulls.is_empty()


_OBJECTS = st.lists(
    st.builds(
        lambda label, bbox: {"label": label, "bbox_2d": bbox},
        st.sampled_from(["cat", "dog"]),
        st.just([]) | st.lists(st.integers(-10, 1010).map(float), min_size=4, max_size=4),
    ),
    max_size=3,
)


@given(st.lists(st.tuples(_OBJECTS, st.lists(_OBJECTS, max_size=4), st.booleans()), max_size=4))
@settings(max_examples=60)
def test_no_object_is_lost(samples: list[tuple[Objects, list[Objects], bool]]) -> None:
    """As many rows as objects, each with its own box; and a key of its own."""
    found = located(
        table("r1", *({**sample(n), "round1_objects": one} for n, (one, _, _) in enumerate(samples))),
        table("r2", *({**sample(n), "frame_objects": frames} for n, (_, frames, _) in enumerate(samples))),
        table("media", *(video(n) for n, (_, _, is_there) in enumerate(samples) if is_there)),
    )
    expected = [
        (sample(n)["id"], 1, 0, place, each["label"], each["bbox_2d"])
        for n, (one, _, _) in enumerate(samples)
        for place, each in enumerate(one)
    ] + [
        (sample(n)["id"], 2, sampled_frame, place, each["label"], each["bbox_2d"])
        for n, (_, frames, _) in enumerate(samples)
        for sampled_frame, objects in enumerate(frames)
        for place, each in enumerate(objects)
    ]
    columns = ["id", "round", "sampled_frame_index", "object_index", "label", "bbox_2d"]
    assert found.select(columns).rows() == expected
    is_known = {sample(n)["id"]: is_there for n, (_, _, is_there) in enumerate(samples)}
    for row in found.iter_rows(named=True):
        in_pixels = to_pixels(row["bbox_2d"], 1280, 720)
        assert row["is_found"] == (in_pixels is not None)
        assert row["bbox_xyxy_px"] == (in_pixels if is_known[row["id"]] else None)


def test_pieces_are_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written piece by piece is what is located at once; its fingerprint is that of the three tables."""
    objects = [box("cat", 0, 0, 500, 500), box("dog")]
    r1 = table("r1", *({**sample(n), "round1_objects": objects} for n in range(7)))
    r2 = table("r2", *({**sample(n), "frame_objects": [objects, [], objects]} for n in range(3, 9)))
    media = table("media", *(video(n) for n in range(8)))
    monkeypatch.setattr(grounding_boxes, "_PIECE_SAMPLES", 2)
    names = dict.fromkeys(("grounding_r1", "grounding_r2", "media"), "same")
    stream = grounding_box_stream(r1.lazy(), r2.lazy(), media.lazy(), names)
    TableDataset(filepath=str(tmp_path / "boxes.parquet")).save(stream)
    assert_frame_equal(pl.read_parquet(tmp_path / "boxes.parquet"), located(r1, r2, media))
    for name in names:
        other = grounding_box_stream(r1.lazy(), r2.lazy(), media.lazy(), names | {name: "other"})
        assert other.fingerprint != stream.fingerprint


def test_a_box_too_many_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample that has two videos would have its boxes twice."""
    r1 = table("r1", {**sample(1), "round1_objects": [box("cat", 0, 0, 500, 500)]})
    monkeypatch.setattr(grounding_boxes, "prefer_loose", lambda frame: frame)
    media = table("media", video(1), video(1, container="a.tar"))
    names = dict.fromkeys(("grounding_r1", "grounding_r2", "media"), "same")
    stream = grounding_box_stream(r1.lazy(), table("r2").lazy(), media.lazy(), names)
    with pytest.raises(ConservationError, match="do not add up"):
        list(stream.batches())
