"""What a contact sheet draws: text that fits, labels beside boxes, cards for whatever a sample has."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from sparkle_curation.reports.lettering.text import drawable, shortened, width_px, wrapped
from sparkle_curation.reports.sheet.colours import (
    BOX_COLOURS,
    FAILED,
    MASK_EDGE,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    PASSED,
)
from sparkle_curation.reports.sheet.contact_sheet import draw_contact_sheet
from sparkle_curation.reports.sheet.description import Badge, Card, Panel, Reason, ScoreLine, Shown
from sparkle_curation.reports.sheet.panels import Labelled, boxes_panel, empty_panel, frame_panel, mask_panel
from sparkle_curation.reports.sheet.tags import Rectangle, place_tags
from sparkle_curation.spec.themes import THEME_COLOURS, THEMES

GREY = np.full((72, 128, 3), 120, np.uint8)
TEXTS = st.text(max_size=200) | st.text("abc ", max_size=200)


def has_colour(image: Image.Image, colour: str) -> bool:
    """Whether any pixel is of the colour."""
    wanted = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])
    return bool((np.asarray(image) == wanted).all(axis=2).any())


# ------------------------------------------------------------------ text
@given(TEXTS, st.integers(1, 300), st.integers(1, 4))
@example("\u00b8", 100, 1)
@example('"\u00f0 0000', 27, 1)  # of another font once the blank before the ellipsis goes
def test_lines_fit(text: str, width: int, count: int) -> None:
    """No line is wider than it may be, unless a single letter is; there are no more lines than asked for."""
    lines = wrapped(drawable(text), 14, width, count)
    assert len(lines) <= count
    assert all(width_px(line, 14) <= width or len(line) == 1 for line in lines)
    if width >= 100 and drawable(text):  # of an accent alone nothing is left
        assert drawable(text).startswith(lines[0].rstrip("…").rstrip())


@given(TEXTS)
def test_a_text_that_fits_is_not_changed(text: str) -> None:
    """Cutting is for what is too wide."""
    plain = drawable(text)
    assert shortened(plain, 14, width_px(plain, 14)) == plain
    assert wrapped(plain, 14, width_px(plain, 14) + 1, 2) == ([plain] if plain else [])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dusk \u2013 dawn\u2014noon", "dusk - dawn-noon"),
        ("a\tb\r\n c\u00a0d", "a b c d"),
        ("wait\u2026", "wait\u2026"),
        ("a\u202eb\x1bc\0", r"a\u202eb\x1bc\x00"),
        ("a\u200db", r"a\u200db"),
        ("", ""),
    ],
)
def test_text_is_made_drawable(text: str, shown: str) -> None:
    """Odd blanks go, ellipses stay; what cannot be seen is an escape."""
    assert drawable(text) == shown


def test_a_long_text_is_cut_quickly() -> None:
    """A prompt of a million letters is measured by its beginning."""
    assert wrapped("a" * 1_000_000, 15, 300, 2)[1].endswith("…")


# ------------------------------------------------------------------ labels of boxes
BOXES = st.builds(
    lambda x, y, width, height: Rectangle(x, y, x + width, y + height),
    st.integers(0, 300),
    st.integers(0, 160),
    st.integers(1, 200),
    st.integers(1, 150),
)


@given(st.lists(BOXES, max_size=6))
def test_labels_stay_in_the_picture(boxes: list[Rectangle]) -> None:
    """Wherever boxes are, each has one label, whole and within the picture."""
    tags = place_tags(boxes, [(60, 16)] * len(boxes), (320, 180))
    assert len(tags) == len(boxes)
    for tag in tags:
        assert tag.left >= 0
        assert tag.right == tag.left + 60 <= 320
        assert tag.top >= 0
        assert tag.bottom == tag.top + 16 <= 180


def test_labels_do_not_lie_on_each_other() -> None:
    """Three boxes in one place have three labels beside each other, and none hides more than the edge of a box."""
    boxes = [Rectangle(100, 60, 160, 150), Rectangle(104, 60, 150, 90), Rectangle(110, 100, 130, 120)]
    tags = place_tags(boxes, [(70, 16)] * 3, (320, 180))
    assert all(one.overlap(other) == 0 for one, other in combinations(tags, 2))
    assert all(tag.overlap(box) <= 0.1 * 70 * 16 for tag in tags for box in boxes)


# ------------------------------------------------------------------ panels
def test_a_frame_keeps_its_proportions() -> None:
    """A square picture has paper on both sides, a wide one above and below."""
    square = np.asarray(frame_panel(np.zeros((100, 100, 3), np.uint8)))
    assert square.shape == (PANEL_HEIGHT, PANEL_WIDTH, 3)
    assert (square[:, :70] > 200).all()
    assert (square[:, 75:-75] == 0).all()
    wide = np.asarray(frame_panel(np.zeros((10, 100, 3), np.uint8)))
    assert (wide[:70] > 200).all()


def test_a_mask_leaves_what_it_keeps() -> None:
    """Inside, the picture is as it was; outside it is pale; a line parts them."""
    plane = np.zeros((72, 128), bool)
    plane[:, :64] = True
    panel = mask_panel(GREY, plane)
    pixels = np.asarray(panel)
    assert (pixels[90, 20] == 120).all()
    assert (pixels[90, 300] > 200).all()
    assert has_colour(panel, MASK_EDGE)


@pytest.mark.parametrize("shape", [(36, 64), (72, 64), (1, 1)])
def test_a_mask_of_another_size_is_stretched(shape: tuple[int, int]) -> None:
    """It is drawn all the same: that the sizes differ is for the checks to say."""
    assert mask_panel(GREY, np.ones(shape, bool)).size == (PANEL_WIDTH, PANEL_HEIGHT)


def test_each_box_has_its_colour() -> None:
    """Boxes are told apart; more boxes than colours begin again; odd ones do not stop the drawing."""
    found = [Labelled([4 * number, 10, 4 * number + 30, 40], f"object {number}") for number in range(3)]
    panel = boxes_panel(GREY, found)
    assert all(has_colour(panel, colour) for colour in BOX_COLOURS[:3])
    assert not has_colour(panel, BOX_COLOURS[3])
    odd = [Labelled([0, 0, 128, 72], ""), Labelled([127, 71, 127, 71], "\u96ea" * 80), *found * 4]
    assert boxes_panel(GREY, odd).size == (PANEL_WIDTH, PANEL_HEIGHT)


def test_a_missing_picture_says_why() -> None:
    """Another reason is another drawing, of the same size."""
    one, other = (
        empty_panel("no source_video in the release"),
        empty_panel("source_video is broken: truncated"),
    )
    assert one.size == other.size == (PANEL_WIDTH, PANEL_HEIGHT)
    assert one.tobytes() != other.tobytes()


# ------------------------------------------------------------------ cards
PANEL = Panel(frame_panel(GREY), "source_video")


def line(score: float | None = 9.0, tone: str = "passed", **changes: object) -> ScoreLine:
    """A score as a card has it, beside a threshold of 8."""
    usual: dict[str, object] = {
        "name": "edited_frame0",
        "title": "edited frame 0",
        "said": "no score" if score is None else f"{score:.2f} {tone}",
        "tone": tone,
        "share": None if score is None else min(max(score / 10, 0), 1),
        "threshold_share": 0.8,
        "threshold_text": "8.0",
    }
    return ScoreLine(**{**usual, **changes})  # type: ignore[arg-type]


def card(**changes: object) -> Card:
    """A card of a kept sample with a score, and the changes."""
    usual: dict[str, object] = {
        "id": "Sparkle_time_000001",
        "theme": "Time",
        "colour": THEME_COLOURS["time"],
        "keyword": "dusk: a bay",
        "prompt": "Make it dusk.",
        "has_prompt": True,
        "scene": "",
        "verdict": Badge("kept", "passed"),
        "scores": (line(),),
        "note": "",
        "reasons": (),
    }
    return Card(**{**usual, **changes})  # type: ignore[arg-type]


def drawn(*cards: Card, subtitle: str = "", panel: Panel = PANEL) -> Image.Image:
    """The sheet of some cards with one picture each."""
    return draw_contact_sheet([Shown(each, [panel]) for each in cards], subtitle, 1)


def test_the_sheet_grows_with_its_cards() -> None:
    """One card below the other, all of one width; none at all is said."""
    none, one, two = (drawn(*[card()] * count) for count in range(3))
    assert none.width == one.width == two.width
    assert none.height == one.height < two.height
    assert none.tobytes() != drawn(subtitle="chosen otherwise").tobytes()


@pytest.mark.parametrize("theme", THEMES)
def test_a_card_has_the_colour_of_its_theme(theme: str) -> None:
    """Each theme has one of its own."""
    sheet = drawn(card(colour=THEME_COLOURS[theme]))
    assert [name for name in THEMES if has_colour(sheet, THEME_COLOURS[name])] == [theme]


@pytest.mark.parametrize(
    ("changes", "colours"),
    [
        ({}, {PASSED}),
        ({"verdict": Badge("rejected by edited frame 0", "failed")}, {PASSED, FAILED}),
        ({"verdict": None, "scores": (), "note": "not filtered"}, set()),
        ({"verdict": None, "scores": (line(7.9, "failed"),)}, {FAILED}),
        ({"verdict": None, "scores": (line(None, "none"),)}, set()),
    ],
)
def test_outcomes_have_colours(changes: dict[str, object], colours: set[str]) -> None:
    """What passed is green, what failed red, and what was not filtered neither."""
    sheet = drawn(card(**changes))
    assert {colour for colour in (PASSED, FAILED) if has_colour(sheet, colour)} == colours


def test_a_full_bar_stays_on_the_card() -> None:
    """The best score that there is ends where the bar ends."""
    edge = np.asarray(drawn(card(scores=(line(10.0), line(0.0)), verdict=None)))[:, -40:-33]
    assert not (edge == np.array([27, 127, 77])).all(axis=2).any()


@pytest.mark.parametrize("letter", ["k", "\u96ea", "\u05d0"])
def test_long_words_do_not_leave_the_card(letter: str) -> None:
    """A keyword, a prompt, a reason and a caption of any length are cut, in any script."""
    long = letter * 3000
    reasons = (Reason("edited video", long),)
    sheet = drawn(
        card(keyword=long, prompt=long, reasons=reasons), subtitle=long, panel=PANEL._replace(caption=long)
    )
    assert (np.asarray(sheet)[:, -30:] == 0xF4).any(axis=2).all()


def test_the_same_cards_are_the_same_pixels() -> None:
    """Nothing of the time is drawn."""
    assert drawn(card(), subtitle="x").tobytes() == drawn(card(), subtitle="x").tobytes()
