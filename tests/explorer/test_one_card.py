"""One description of a sample, three drawings: the picture, the page and the explorer show the same words."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.explorer.conftest import opened
from tests.explorer.serving import ALONE, BROKEN, IN_TAR, WHOLE, made_store, made_tables
from tests.live_browser import Page

from sparkle_curation.explorer.details import sample_details
from sparkle_curation.pages.palette import ink_on
from sparkle_curation.reports.lettering.text import drawable, width_px, write
from sparkle_curation.reports.sheet import colours
from sparkle_curation.reports.sheet.clips import PAIR, ClipMaker
from sparkle_curation.reports.sheet.contact_sheet import draw_contact_sheet
from sparkle_curation.reports.sheet.description import Card, Panel, Shown, describe_samples
from sparkle_curation.reports.sheet.page import compose_sheet_page
from sparkle_curation.reports.sheet.panels import frame_panel

SIZES = (colours.TINY, colours.SMALL, colours.TEXT, colours.HEADING)
PANEL = Panel(frame_panel(np.full((72, 128, 3), 120, np.uint8)), "")


def cards() -> list[Card]:
    """The cards of the explorer's samples, as the report pipeline describes them."""
    tables = made_tables()
    texts = tables.annotations.lazy().select("id", "prompt", "chosen_keyword", "original_scene")
    rows = tables.verdicts.lazy().join(texts, on="id", how="left", maintain_order="left").collect()
    scores = {
        name: {row["id"]: row for row in table.lazy().collect().iter_rows(named=True)}
        for name, table in tables.scores.items()
    }
    return describe_samples(rows.to_dicts(), scores)


def is_drawn(picture: Image.Image, text: str) -> bool:
    """Whether the words stand somewhere in a picture, pixel by pixel, in a size and colours that a card has."""
    inks = (colours.INK, colours.GREY, colours.FAINT, *colours.TONES.values())
    pairs = [(ink, colours.CARD) for ink in inks]
    pairs += [(ink_on(tone), tone) for tone in (*colours.TONES.values(), cards()[0].colour)]
    whole = np.asarray(picture)
    shown = drawable(text)
    for size in SIZES:
        for ink, ground in pairs:
            image = Image.new("RGB", (width_px(shown, size), size + 6), ground)
            write(image, (0, 0), shown, size, ink)
            if _stands_in(np.asarray(image)[:, 1:-1], whole):
                return True
    return False


def _stands_in(part: NDArray[np.uint8], whole: NDArray[np.uint8]) -> bool:
    part = part[(part != part[0, 0]).any(axis=(1, 2))]  # rows with ink
    content, row_bytes = whole.tobytes(), whole.shape[1] * 3
    place = content.find(part[0].tobytes()) if len(part) else -1
    while place >= 0:
        y, x = divmod(place, row_bytes)
        found = whole[y : y + len(part), x // 3 : x // 3 + part.shape[1]]
        if x % 3 == 0 and found.shape == part.shape and (found == part).all():
            return True
        place = content.find(part[0].tobytes(), place + 1)
    return False


@pytest.mark.parametrize("sample_id", [IN_TAR, BROKEN, ALONE])
def test_the_picture_has_the_words_of_a_card(sample_id: str) -> None:
    """All of them, and its first reason."""
    (card,) = [each for each in cards() if each.id == sample_id]
    picture = draw_contact_sheet([Shown(card, [PANEL])], "", 1)
    assert [text for text in card.texts if not is_drawn(picture, text)] == []
    assert all(is_drawn(picture, each.text) for each in card.reasons[:1])
    assert not is_drawn(picture, "no such words")


def test_the_page_has_the_words_of_a_card() -> None:
    """All of them and all reasons, HTML in a prompt too, as what stands between tags."""
    every = cards()
    page = compose_sheet_page([Shown(each, [PANEL]) for each in every], "", lambda _: "none", 10**6).html
    shown = {html.unescape(each).strip() for each in re.findall(r">([^<>]+)<", page)}
    for card in every:
        wanted = [*card.texts, *(each.text for each in card.reasons)]
        assert [text for text in wanted if text not in shown] == []


@pytest.mark.parametrize("sample_id", [WHOLE, IN_TAR, BROKEN, ALONE])
def test_the_explorer_has_the_words_of_a_card(explorer: str, browser: Page, sample_id: str) -> None:
    """At the thresholds of the present variant; that of a gauge stands at its slider."""
    page = opened(browser, f"{explorer}/#id={sample_id}")
    page.until(f"document.querySelector('#detail .id')?.textContent === '{sample_id}'")
    shown = " ".join(page.run("document.getElementById('detail').innerText").split())
    (card,) = [each for each in cards() if each.id == sample_id]
    thresholds = {score.threshold_text for score in card.scores}
    wanted = [*card.texts, *(each.text for each in card.reasons)]
    assert [text for text in wanted if text not in thresholds and " ".join(text.split()) not in shown] == []


def test_the_explorer_is_given_the_same_card(sample_release: Path, tmp_path: Path) -> None:
    """As JSON, less nothing."""
    store = made_store(sample_release, tmp_path)
    for card in cards():
        told = sample_details(made_tables(), store, card.id)["card"]
        assert [each["said"] for each in told["scores"]] == [each.said for each in card.scores]
        assert (told["prompt"], told["colour"]) == (card.prompt, card.colour)
        assert len(told["reasons"]) == len(card.reasons)


def test_the_page_plays_in_a_browser(browser: Page, sample_release: Path, tmp_path: Path) -> None:
    """A clip of source and edit plays by itself in step, nothing is refused by the page's own policy, nothing runs."""
    store = made_store(sample_release, tmp_path)
    whole = {"error": None, "fps": 16.0, "frame_count": 81, "container": None}
    files = [{"id": name, "kind": kind, **whole} for name in (WHOLE, IN_TAR, BROKEN) for kind in PAIR]
    maker = ClipMaker(
        store, pl.DataFrame(files, schema_overrides={"error": pl.String, "container": pl.String}), 2.0
    )
    shown = [Shown(each, [PANEL]) for each in cards()]
    page = compose_sheet_page(shown, "", maker.clip, 10**6)
    assert page.clip_count == 2
    assert "no source_video in the available release" in page.html
    assert "edited_video cannot be read" in page.html
    (tmp_path / "sheet.html").write_text(page.html, "utf-8")
    browser.open((tmp_path / "sheet.html").as_uri())
    browser.until(
        "document.querySelectorAll('video').length === 2 && document.querySelector('video').currentTime > 0.2"
    )
    assert browser.run("document.title") == "Contact sheet · 4 samples"
    assert browser.run("document.querySelector('video').videoWidth") == 640
    assert browser.run("getComputedStyle(document.body).backgroundColor") != "rgba(0, 0, 0, 0)"
