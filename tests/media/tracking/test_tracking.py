"""Tracking of real clips with a tracker whose masks are known: votes, ties, resuming, and what cannot be tracked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.made.assets import ingested, write_files
from tests.made.media import file, media
from tests.media.tracking.scripted import Killed, ScriptedTracker

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.shard_journal import merge_shards
from sparkle_curation.engine.shards import Shard, WorkPlace
from sparkle_curation.errors import ModelError
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.tracking.jobs import list_clips
from sparkle_curation.media.tracking.mask_folder import MaskFolder
from sparkle_curation.media.tracking.table import TrackRun, TrackSettings
from sparkle_curation.media.tracking.tracking import PASS_SCHEMA, VOTE_SCHEMA
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.tables.reruns.grounding_boxes import GROUNDING_BOX_COLUMNS
from sparkle_curation.spec.tables.reruns.tracks import TRACK_COLUMNS
from synthetic.encode import mask_npz_bytes, mp4_bytes

FRAMES, HEIGHT, WIDTH = 10, 48, 64
BOX = [10, 8, 29, 39]
"""20 columns and 32 rows."""
IDS = [f"Sparkle_time_{number:06d}" for number in range(3)]


def boxes(*rows: tuple[str, int, list[int] | None]) -> pl.DataFrame:
    """The table ``grounding_boxes`` of round 2: sample, frame and box in pixels."""
    empty = pl.DataFrame(pl.from_arrow(arrow_schema(GROUNDING_BOX_COLUMNS).empty_table()))
    made = [
        {
            "id": sample,
            "theme": "time",
            "round": 2,
            "sampled_frame_index": place,
            "frame_index": frame,
            "object_index": place,
            "label": "man",
            "bbox_2d": [0.0, 0.0, 1.0, 1.0],
            "bbox_xyxy_px": box,
            "is_found": box is not None,
        }
        for place, (sample, frame, box) in enumerate(rows)
    ]
    return pl.concat([empty, pl.DataFrame(made, schema=empty.schema)])


@dataclasses.dataclass
class Place:
    """A release of three clips, and the folders of runs on it."""

    root: Path
    folder: Path

    def run(self, tracker: ScriptedTracker, ties: str = "background", name: str = "run") -> TrackRun:
        """A run with journals of that name."""
        journals = [
            Journal(
                self.folder / name / f"{part}.journal",
                schema,
                retried_errors=["missing", "unreadable", "out_of_memory"],
            )
            for part, schema in (("passes", PASS_SCHEMA), ("votes", VOTE_SCHEMA))
        ]
        store = ingested(self.root, self.folder)
        settings = TrackSettings(tracker, ties, "released")  # type: ignore[arg-type]
        return TrackRun(settings, store, MaskFolder(self.folder / name / "masks"), *journals)

    def clips(self, *rows: tuple[str, int, list[int] | None], limit: int | None = None) -> pl.DataFrame:
        """What is to be tracked from these boxes."""
        return list_clips(self.media(), boxes(*rows), limit)

    def media(self) -> pl.DataFrame:
        """As inspected."""
        facts = {"width_px": WIDTH, "height_px": HEIGHT, "frame_count": FRAMES}
        return media(
            *(file(sample, "source_video", **facts, index_hash=sample) for sample in IDS),
            file(IDS[0], "source_video_mask", **facts),
        )

    def mask(self, sample: str, name: str = "run") -> np.ndarray:
        """The mask that a run wrote."""
        path = self.folder / name / "masks" / asset_path("time", "source_video_mask", sample)
        with path.open("rb") as content:
            return load_mask(content)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips of ten frames, of which the first has a released mask, and the last one is cut."""
    root = tmp_path_factory.mktemp("release")
    rng = np.random.default_rng(0)
    clips = [mp4_bytes(rng.integers(0, 255, (FRAMES, HEIGHT, WIDTH, 3), np.uint8), qp=30) for _ in IDS]
    clips[2] = clips[2][: len(clips[2]) * 2 // 3]
    released = np.zeros((FRAMES, HEIGHT, WIDTH), np.bool_)
    released[:, 8:40, 10:20] = True  # half of BOX
    write_files(
        root,
        {
            **{
                asset_path("time", "source_video", sample): clip
                for sample, clip in zip(IDS, clips, strict=True)
            },
            asset_path("time", "source_video_mask", IDS[0]): mask_npz_bytes(released),
        },
    )
    return root


@pytest.fixture
def place(release: Path, tmp_path: Path) -> Place:
    """The release, and an empty folder."""
    return Place(release, tmp_path)


def row(table: pl.DataFrame, sample: str = IDS[0]) -> dict[str, object]:
    """A sample's row."""
    assert table.columns == [column.name for column in TRACK_COLUMNS]
    return table.row(by_predicate=pl.col("id") == sample, named=True)


def test_the_mask_is_the_vote_of_the_passes(place: Place) -> None:
    """Of three passes one is wider: the mask is the other two's, written as published, and measured."""
    tracker = ScriptedTracker(grow={5: 10})
    rows = [(IDS[0], frame, BOX) for frame in (0, 5, 9)]
    table = place.run(tracker).track(place.clips(*rows))
    mask = place.mask(IDS[0])
    expected = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    expected[:, 8:40, 10:30] = True
    assert (mask == expected).all()
    found = row(table)
    assert tracker.opened == [FRAMES]
    assert tracker.asked == [(0, 1), (5, 1), (9, 1)]
    assert (found["anchor_count"], found["box_count"], found["pass_count"]) == (3, 3, 3)
    assert found["tied_px_count"] == 0
    # Two pairs share 20 of 30 columns, one pair all of its 20.
    assert found["agreement"] == pytest.approx(60 / 80)
    assert (found["worst_anchor_frame"], found["worst_anchor_iou"]) == (5, pytest.approx(2 / 3))
    assert (found["empty_frame_count"], found["area_jump"]) == (0, 0.0)
    assert found["mask_share"] == pytest.approx(20 * 32 / (WIDTH * HEIGHT))
    assert found["released_iou_mean"] == pytest.approx(0.5)
    assert (found["released_iou_min"], found["released_iou_min_frame"]) == (pytest.approx(0.5), 0)
    assert found["error"] is None
    assert row(table, IDS[1])["error"] == "no_grounding"


def test_a_tie_goes_where_it_is_told(place: Place) -> None:
    """Of two passes the wider one alone has ten columns: they are tied; another rule votes again, and tracks nothing."""
    tracker = ScriptedTracker(grow={5: 10})
    clips = place.clips((IDS[0], 0, BOX), (IDS[0], 5, BOX))
    table = place.run(tracker).track(clips)
    assert row(table)["tied_px_count"] == 10 * 32 * FRAMES
    assert int(place.mask(IDS[0]).sum()) == 20 * 32 * FRAMES
    other = ScriptedTracker(grow={5: 10})
    table = place.run(other, ties="foreground").track(clips)
    assert other.asked == []
    assert row(table)["tied_px_count"] == 10 * 32 * FRAMES
    assert int(place.mask(IDS[0]).sum()) == 30 * 32 * FRAMES


def test_each_box_is_an_object_and_boxes_without_area_are_none(place: Place) -> None:
    """Thirty boxes go into one pass; a line, a point and none make no pass; where nothing is left there is no mask."""
    many = [(IDS[0], 3, [x, 4, x + 1, 40]) for x in range(30)]
    odd: list[tuple[str, int, list[int] | None]] = [
        (IDS[1], 0, [5, 5, 5, 30]),
        (IDS[1], 3, [5, 5, 30, 5]),
        (IDS[1], 5, None),
        (IDS[1], FRAMES, BOX),
    ]
    tracker = ScriptedTracker()
    run = place.run(tracker)
    table = run.track(place.clips(*many, *odd))
    assert tracker.asked == [(3, 30)]
    assert row(table)["box_count"] == 30
    assert row(table, IDS[1])["error"] == "no_anchor"
    assert not run.folder.path("time", IDS[1]).exists()


def test_a_vote_for_nothing_writes_no_mask(place: Place) -> None:
    """Two passes that share no pixel: nothing has the majority, and an empty mask would say that there is no foreground."""
    rows = [(IDS[0], 0, BOX), (IDS[0], 5, [40, 8, 59, 39])]
    run = place.run(ScriptedTracker())
    found = row(run.track(place.clips(*rows)))
    told = f"of 2 passes, {2 * 20 * 32 * FRAMES} pixels tied"
    assert (found["error"], found["error_detail"], found["size_bytes"]) == ("nothing_found", told, None)
    assert not run.folder.path("time", IDS[0]).exists()
    tracker = ScriptedTracker()
    assert row(place.run(tracker, ties="foreground").track(place.clips(*rows)))["error"] is None
    assert tracker.asked == []
    assert place.mask(IDS[0]).sum() == 2 * 20 * 32 * FRAMES


def test_a_killed_run_repeats_one_pass_at_most(place: Place) -> None:
    """Killed before each of the six passes in turn: what was done is not done again, and the masks are the same."""
    rows = [(sample, frame, BOX) for sample in IDS[:2] for frame in (0, 4, 8)]
    clips = place.clips(*rows)
    place.run(ScriptedTracker(grow={4: 3}), name="whole").track(clips)
    done = 0
    for _ in range(6):
        tracker = ScriptedTracker(grow={4: 3}, killed_after=1)
        try:
            place.run(tracker).track(clips)
        except Killed:
            assert len(tracker.asked) == 1
            done += 1
    assert done == 5
    last = ScriptedTracker()
    table = place.run(last).track(clips)
    assert (last.asked, last.opened) == ([], [])
    assert table["error"].is_null().sum() == 2
    for sample in IDS[:2]:
        path = asset_path("time", "source_video_mask", sample)
        masks = [place.folder / name / "masks" / path for name in ("run", "whole")]
        assert masks[0].read_bytes() == masks[1].read_bytes()


def test_a_mask_that_is_gone_is_voted_again(place: Place) -> None:
    """From the passes that are there."""
    clips = place.clips((IDS[0], 0, BOX))
    run = place.run(ScriptedTracker())
    run.track(clips)
    path = run.folder.path("time", IDS[0])
    content = path.read_bytes()
    path.unlink()
    tracker = ScriptedTracker()
    place.run(tracker).track(clips)
    assert tracker.asked == []
    assert path.read_bytes() == content


def test_what_decides_a_pass_is_its_key(place: Place) -> None:
    """Another box or tracker is another pass; the same box on the same frame is not tracked again."""
    place.run(ScriptedTracker()).track(place.clips((IDS[0], 0, BOX), (IDS[0], 5, BOX)))
    tracker = ScriptedTracker()
    place.run(tracker).track(place.clips((IDS[0], 0, BOX), (IDS[0], 5, [*BOX[:3], 41])))
    assert tracker.asked == [(5, 1)]
    other = ScriptedTracker(name="another")
    place.run(other).track(place.clips((IDS[0], 0, BOX)))
    assert other.asked == [(0, 1)]


def test_a_clip_that_cannot_be_read_is_its_own_error(place: Place) -> None:
    """The others are tracked; a mask that it had is taken away."""
    run = place.run(ScriptedTracker())
    left = run.folder.path("time", IDS[2])
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of before")
    table = run.track(place.clips((IDS[2], 0, BOX), (IDS[0], 0, BOX)))
    assert row(table, IDS[2])["error"] == "undecodable"
    assert row(table)["error"] is None
    assert not left.exists()


def test_a_clip_that_does_not_fit_is_tried_again(place: Place) -> None:
    """Its passes before stay; the next run makes the one that failed."""
    rows = [(IDS[0], 0, BOX), (IDS[0], 5, BOX), (IDS[1], 0, BOX)]
    table = place.run(ScriptedTracker(fails_at=frozenset({5}))).track(place.clips(*rows))
    assert (row(table)["error"], row(table)["error_detail"]) == ("out_of_memory", "a clip too many")
    assert row(table, IDS[1])["error"] is None
    tracker = ScriptedTracker()
    table = place.run(tracker).track(place.clips(*rows))
    assert tracker.asked == [(5, 1)]
    assert row(table)["error"] is None


def test_a_scene_cut_shows_in_the_measures(place: Place) -> None:
    """No pass gets across it: the scene with fewer anchors has no majority, and the table says how much is empty."""
    rows = [(IDS[0], frame, BOX) for frame in (0, 2, 4, 8)]
    found = row(place.run(ScriptedTracker(loses_at=6)).track(place.clips(*rows)))
    assert (found["error"], found["pass_count"], found["empty_frame_count"]) == (None, 4, 4)
    assert (found["area_jump"], found["tied_px_count"]) == (1.0, 0)
    # In frames with the object: three pairs of passes share 6 of 6, three have 6 and 4 and share none.
    assert found["agreement"] == pytest.approx(3 * 6 / (3 * 6 + 3 * (6 + 4)))
    assert (found["smallest_box_in_mask_share"], found["worst_anchor_frame"]) == (0.0, 8)


def test_a_released_mask_that_cannot_be_compared_is_told(
    release: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of another size, of other frames, cut: the clip is tracked, its IoU stays open, and the log says why."""
    name = asset_path("time", "source_video_mask", IDS[0])
    whole = (release / name).read_bytes()
    small = mask_npz_bytes(np.ones((FRAMES, HEIGHT // 2, WIDTH // 2), np.bool_))
    short = mask_npz_bytes(np.ones((FRAMES - 3, HEIGHT, WIDTH), np.bool_))
    told = {
        "small": (
            small,
            "the released mask of Sparkle_time_000000 is of (10, 24, 32), the clip of (10, 48, 64)",
        ),
        "short": (
            short,
            "the released mask of Sparkle_time_000000 is of (7, 48, 64), the clip of (10, 48, 64)",
        ),
        "cut": (whole[:-30], "the released mask of Sparkle_time_000000 cannot be read"),
    }
    for number, (content, said) in enumerate(told.values()):
        root = tmp_path / str(number)
        write_files(
            root, {path.relative_to(release).as_posix(): path.read_bytes() for path in release.rglob("*.mp4")}
        )
        write_files(root, {name: content})
        own = Place(root, root / "runs")
        found = row(own.run(ScriptedTracker()).track(own.clips((IDS[0], 0, BOX))))
        assert (found["error"], found["released_iou_mean"]) == (None, None)
        assert own.mask(IDS[0]).sum() == 20 * 32 * FRAMES
        assert said in caplog.text


def test_a_device_that_nothing_fits_on_ends_the_run(place: Place) -> None:
    """After eight clips, with the way out."""
    facts = {"width_px": WIDTH, "height_px": HEIGHT, "frame_count": FRAMES}
    root = place.folder / "copies"
    ids = [f"Sparkle_time_{number:06d}" for number in range(8)]
    clip = (place.root / asset_path("time", "source_video", IDS[0])).read_bytes()
    write_files(root, {asset_path("time", "source_video", sample): clip for sample in ids})
    many = Place(root, place.folder)
    clips = list_clips(
        media(*(file(sample, "source_video", **facts) for sample in ids)),
        boxes(*((s, 0, BOX) for s in ids)),
        None,
    )
    with pytest.raises(ModelError, match=r"track\.model\.offload=true"):
        many.run(ScriptedTracker(fails_at=frozenset({0}))).track(clips)


def test_a_limit_leaves_the_rest_and_their_masks(place: Place) -> None:
    """The second sample is beyond it: not asked, and its mask of before stays."""
    rows = [(IDS[0], 0, BOX), (IDS[1], 0, BOX)]
    run = place.run(ScriptedTracker())
    run.track(place.clips(*rows))
    table = place.run(ScriptedTracker()).track(place.clips(*rows, limit=1))
    assert (row(table)["error"], row(table, IDS[1])["error"]) == (None, "not_asked")
    assert run.folder.path("time", IDS[1]).is_file()


def test_a_sample_of_a_draft_that_waits_is_not_tracked(place: Place) -> None:
    """It goes before what else is wrong with it, and a limit counts none that waits."""
    rows = boxes((IDS[0], 0, BOX), (IDS[1], 0, BOX))
    standing = pl.DataFrame({"id": [IDS[0], IDS[2]], "standing": ["not_judged", "not_passed"]})
    clips = list_clips(place.media(), rows, 1, None, standing)
    assert clips["error"].to_list() == ["not_judged", None, "not_passed"]
    assert clips["is_asked"].to_list() == [False, True, False]


def test_shards_track_their_own_clips_and_merging_leaves_nothing_to_do(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each clip is tracked by one of two shards; what both have noted, merged, makes the table without a pass more."""
    rows = [(sample, frame, BOX) for sample in IDS[:2] for frame in (0, 4)]
    clips = place.clips(*rows)
    asked = []
    for index in range(2):
        tracker = ScriptedTracker()
        run = place.run(tracker)
        for journal in (run.passes, run.votes):
            journal.place = WorkPlace(shard=Shard(2, index))
        with pytest.raises(SystemExit) as ended:
            run.track(clips)
        assert ended.value.code == 0
        assert f"shard {index}/2" in capsys.readouterr().out
        asked += tracker.asked
    assert sorted(asked) == [(0, 1), (0, 1), (4, 1), (4, 1)]
    whole = place.run(ScriptedTracker())
    for journal in (whole.passes, whole.votes):
        assert {row.state for row in merge_shards(journal)} == {"whole"}
    tracker = ScriptedTracker()
    table = place.run(tracker).track(clips)
    assert tracker.asked == []
    assert table["error"].is_null().sum() == 2


def test_a_dry_run_tracks_one_clip_and_writes_what_it_took(place: Place) -> None:
    """The plan counts passes; the clip that was tracked for it is not tracked again."""
    rows: Iterable[tuple[str, int, list[int] | None]] = [
        (IDS[0], 0, BOX),
        (IDS[0], 5, BOX),
        (IDS[1], 0, BOX),
    ]
    clips = place.clips(*rows)
    plan = place.run(ScriptedTracker()).plan(clips)
    assert (plan.done, plan.to_do, plan.broken) == (2, 1, 1)
    assert plan.seconds is not None
    tracker = ScriptedTracker()
    place.run(tracker).track(clips)
    assert tracker.asked == [(0, 1)]
