"""Tracked masks gone through in the explorer: listed by doubt, seen beside released ones, accepted and refused by a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.explorer.conftest import opened
from tests.explorer.serving import ALONE, IN_TAR, WHOLE, asked, made_store, made_tables, served
from tests.live_browser import Page
from tests.made.media import file, media

from sparkle_curation.errors import LockedError, OverridesError
from sparkle_curation.explorer.mask_review.frames import measure_frames
from sparkle_curation.explorer.mask_review.review import MaskReview, MaskSources
from sparkle_curation.explorer.security import TOKEN_HEADER
from sparkle_curation.explorer.server import Settings
from sparkle_curation.filtering.overrides.mask_decisions import read_mask_decisions, refused_masks
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.tracking.jobs import Clip
from sparkle_curation.media.tracking.mask_folder import MaskFolder
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.reruns.tracks import TRACK_COLUMNS

SHAPE = (81, 36, 64)
HEADER = "id,decision,reason,annotator,bound_to\n"


def a_mask(shift_px: int = 0) -> np.ndarray:
    """A square in the middle, of the shape of the released mask of ``WHOLE``; empty on the last frame."""
    mask = np.zeros((SHAPE[0], 2 * SHAPE[1], 2 * SHAPE[2]), bool)
    mask[:-1, 18:54, 32 + shift_px : 96 + shift_px] = True
    return mask


def row(name: str, **values: Any) -> dict[str, Any]:
    """A row of ``tracks``."""
    usual = {"anchor_count": 2, "box_count": 2, "backend": "transformers", "model": "tiny", "revision": "1"}
    frames = {"frame_count": 81, "width_px": 128, "height_px": 72, "settings": '{"boxes_from": "released"}'}
    return {"id": name, "theme": "time", **usual, **frames, **values}


@pytest.fixture(scope="module")
def release(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[AssetStore, Path]:
    """The store of the made release, and a folder."""
    folder = tmp_path_factory.mktemp("masks")
    return made_store(sample_release, folder), folder


@pytest.fixture(scope="module")
def sources(release: tuple[AssetStore, Path]) -> MaskSources:
    """Two masks, one of them doubtful, and a sample that has none."""
    folder = release[1]
    masks = MaskFolder(folder / "made_media")
    written = {
        name: masks.write(Clip(name, "time", "", a_mask().shape, (), None), a_mask(shift))._asdict()
        for name, shift in ((WHOLE, 16), (IN_TAR, 0))
    }
    measured = {
        "agreement": 0.9,
        "area_jump": 0.25,
        "empty_frame_count": 0,
        "mask_share": 0.25,
        "tied_px_count": 0,
    }
    rows = [
        row(IN_TAR, **measured, **written[IN_TAR], worst_anchor_frame=8),
        row(WHOLE, **{**measured, "agreement": 0.3, "released_iou_mean": 0.6}, **written[WHOLE]),
        row(ALONE, error="out_of_memory", error_detail="10 GB"),
    ]
    tracks = pl.DataFrame(pl.from_arrow(arrow_schema(TRACK_COLUMNS).empty_table()))
    tracks = pl.concat(
        [tracks, pl.DataFrame(rows, schema_overrides={"error": pl.String})], how="diagonal_relaxed"
    )
    boxes = pl.DataFrame(
        {"id": [WHOLE] * 2, "round": [2] * 2, "frame_index": [0, 8], "object_index": [0, 0]}
        | {"bbox_xyxy_px": [[32, 18, 96, 54]] * 2}
    )
    clips = media(*(file(name, "source_video", width_px=128, height_px=72) for name in (WHOLE, IN_TAR)))
    return MaskSources(
        tracks, clips, lambda _: boxes, folder / "made_media", folder / "mask_decisions.csv", "ann"
    )


@pytest.fixture
def review(release: tuple[AssetStore, Path], sources: MaskSources) -> Iterator[MaskReview]:
    """Without a decision."""
    path = sources.decisions
    assert path is not None
    path.write_text(HEADER, encoding="utf-8")
    yield MaskReview(sources, release[0])
    path.write_text(HEADER, encoding="utf-8")


def listed(review: MaskReview, **asked_for: Any) -> list[str]:
    """The ids that are listed."""
    rows = review.listed(**{"show": "", "sort": "doubt", "theme": "", "start": 0, **asked_for})["rows"]
    return [each[0] for each in rows]


def test_the_most_doubtful_mask_is_first_and_says_why(review: MaskReview) -> None:
    """What has no mask stands before all; each measure is an order of its own."""
    found = review.listed(show="", sort="doubt", theme="", start=0)
    assert found["rows"] == [
        (ALONE, "time", None, None, "faults", "out_of_memory"),
        (WHOLE, "time", 0.7, "passes differ", "open", None),
        (IN_TAR, "time", 0.25, "the area jumps", "open", None),
    ]
    assert (found["counts"]["open"], found["counts"]["faults"]) == (2, 1)
    assert listed(review, sort="id") == sorted([ALONE, WHOLE, IN_TAR])
    assert listed(review, show="faults") == [ALONE]
    assert listed(review, show="open", start=1) == [IN_TAR]


def test_nothing_tracked_is_no_error(release: tuple[AssetStore, Path]) -> None:
    """An empty list, and no sample."""
    review = MaskReview(MaskSources(), release[0])
    assert listed(review) == []
    assert review.sample(WHOLE) is None
    assert review.small(WHOLE, "rerun") is None


def test_a_mask_is_measured_frame_by_frame_beside_the_released_one(review: MaskReview) -> None:
    """The released one is the same square, 16 pixels to the left, and never empty."""
    sample = review.sample(WHOLE)
    assert sample is not None
    assert sample["anchors"] == [
        {"frame_index": 0, "boxes": [[32, 18, 96, 54]]},
        {"frame_index": 8, "boxes": [[32, 18, 96, 54]]},
    ]
    frames = sample["frames"]
    assert frames["share"] == [0.25] * 80 + [0.0]
    assert frames["released_share"] == [0.25] * 81
    assert frames["iou"] == [pytest.approx(48 / 80)] * 80 + [0.0]
    assert review.small(WHOLE, "released") != review.small(WHOLE, "rerun") is not None


def test_what_is_lacking_is_told() -> None:
    """One mask alone has an area, and no IoU."""
    assert measure_frames(None, a_mask()[:1]) == {"share": None, "released_share": [0.25], "iou": None}


def test_a_decision_is_bound_to_the_mask_that_was_seen(review: MaskReview, sources: MaskSources) -> None:
    """A refused mask is refused until another one is tracked; undone, the file is as before."""
    path = sources.decisions
    assert path is not None
    tracks = sources.tracks.lazy().collect()
    review.decide([(WHOLE, "refuse", "a hand\u2026 is, lost")], review.desk()["state"])
    decisions, state = read_mask_decisions(path)
    assert refused_masks(decisions, tracks) == {WHOLE}
    assert listed(review, show="refused") == [WHOLE]
    other = tracks.with_columns(pl.lit("another").alias("index_hash"))
    assert refused_masks(decisions, other) == frozenset()
    with pytest.raises(LockedError):
        review.decide([(IN_TAR, "accept", "")], "0" * 64)
    assert review.undo(state) == [WHOLE]
    assert path.read_text(encoding="utf-8") == HEADER


def test_what_has_no_mask_is_not_decided_about(review: MaskReview) -> None:
    """Neither a fault, nor a sample of nobody, nor a word that is none."""
    state = review.desk()["state"]
    for name, word in ((ALONE, "accept"), ("Sparkle_time_000077", "refuse"), (WHOLE, "keep")):
        with pytest.raises(OverridesError):
            review.decide([(name, word, "")], state)


def test_another_mask_than_that_of_the_table_is_not_decided_about(
    review: MaskReview, sources: MaskSources
) -> None:
    """It was tracked again since the explorer started: what a person saw is not what the table tells of."""
    path = MaskFolder(sources.root).path("time", IN_TAR)
    before = path.read_bytes()
    path.write_bytes(MaskFolder(sources.root).path("time", WHOLE).read_bytes())
    try:
        with pytest.raises(OverridesError, match="another one than the table tells of"):
            review.decide([(IN_TAR, "accept", "")], review.desk()["state"])
    finally:
        path.write_bytes(before)


@pytest.fixture(scope="module")
def address(release: tuple[AssetStore, Path], sources: MaskSources) -> Iterator[tuple[str, Settings]]:
    """A running explorer."""
    with served(made_tables(), release[0], masks=sources) as running:
        yield running


def test_nobody_decides_without_the_token(address: tuple[str, Settings], review: MaskReview) -> None:
    """As about samples."""
    url = f"{address[0]}/api/masks/decisions"
    body = {"state": review.desk()["state"], "decisions": [[WHOLE, "accept", ""]]}
    assert asked(url, "POST", content=body)[0] == 403
    assert asked(url, "POST", {TOKEN_HEADER: address[1].token}, {"state": "", "decisions": [["x"]]})[0] == 400
    assert asked(url, "POST", {TOKEN_HEADER: address[1].token}, body)[0] == 200
    assert asked(f"{address[0]}/api/masks/small/..%2f/{WHOLE}")[0] == 404
    assert json.loads(asked(f"{address[0]}/api/masks?from=-1&sort=x&show=y")[2])["total"] == 3


def test_keys_accept_refuse_and_take_back(
    address: tuple[str, Settings], browser: Page, review: MaskReview, sources: MaskSources
) -> None:
    """Four panels in step; a click into the strip goes to a frame; each decision goes to the next mask."""
    path = sources.decisions
    assert path is not None
    page = opened(browser, f"{address[0]}/masks#token={address[1].token}")
    page.until("document.querySelector('video').readyState > 1")
    assert page.run("location.hash") == f"#id={WHOLE}"
    page.run(
        "(() => { const strip = document.querySelector('.strip'); const { left, top, width } ="
        "strip.getBoundingClientRect();"
        "strip.dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: left + width / 2, clientY: top + 9 })); })()"
    )
    page.until("/frame 40/.test(document.querySelector('.time').textContent)")
    page.until("/IoU 0.600/.test(document.querySelector('.strip').getAttribute('aria-label'))")
    assert page.run("document.querySelectorAll('.panels figure:not([hidden])').length") == 4
    # Where the masks differ, at the right of the middle of the difference, is the colour of the one that was tracked here.
    page.until(
        "(() => { const c = document.querySelector('[data-panel=difference] canvas');"
        "const [r, g, b] = c.getContext('2d').getImageData(c.width * 0.8, c.height / 2, 1, 1).data;"
        "return g > r + 60 && g > b; })()"
    )
    page.key("r")
    page.until(f"document.querySelector('h2.id').textContent === '{IN_TAR}'")
    page.key("a")
    page.until("/is accepted/.test(document.getElementById('told').textContent)")
    decisions, _ = read_mask_decisions(path)
    assert dict(decisions.select("id", "decision").iter_rows()) == {WHOLE: "refuse", IN_TAR: "accept"}
    page.key("u")
    page.until(f"/about {IN_TAR} is taken back/.test(document.getElementById('told').textContent)")
    assert read_mask_decisions(path)[0]["id"].to_list() == [WHOLE]
    browser.send("Page.navigate", url="about:blank")
