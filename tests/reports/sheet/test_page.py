"""A contact sheet as one file of HTML: what is in it, what is left out of it, and text that stays text."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re

import av
import numpy as np
import pytest
from PIL import Image

from sparkle_curation.reports.sheet.clips import encode_clip
from sparkle_curation.reports.sheet.description import Card, Panel, Reason, Shown, describe_card
from sparkle_curation.reports.sheet.page import compose_sheet_page
from sparkle_curation.reports.sheet.panels import frame_panel

HOSTILE = '"><script>document.title="run"</script><img src=x onerror=alert(1)> {{ 7*7 }} \u202e\u05d0'
PANEL = Panel(frame_panel(np.full((72, 128, 3), 120, np.uint8)), "source_video · frame 0")
CLIP = encode_clip(np.zeros((9, 18, 64, 3), np.uint8), 8.0)


def card(number: int = 0, prompt: str = "Make it dusk.") -> Card:
    """A card of a sample that nobody filtered, with a reason."""
    found = describe_card(
        f"Sparkle_time_{number:06d}", "time", {"prompt": prompt, "chosen_keyword": prompt}, None, {}
    )
    return Card(**{**vars(found), "reasons": (Reason("edited video · SC", prompt),)})


def test_a_clip_is_h264_that_browsers_play() -> None:
    """Of the size of its frames, yuv420p, with as many frames, and the same bytes each time."""
    assert isinstance(CLIP, bytes)
    with av.open(io.BytesIO(CLIP)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert [(frame.width, frame.height) for frame in container.decode(stream)] == [(64, 18)] * 9
    assert encode_clip(np.zeros((9, 18, 64, 3), np.uint8), 8.0) == CLIP


def test_frames_that_no_clip_can_be_made_of_say_so() -> None:
    """An odd width is none of this kind of H.264."""
    assert str(encode_clip(np.zeros((1, 18, 63, 3), np.uint8), 8.0)).startswith("FFmpeg made no clip")


def test_a_page_needs_nothing_else() -> None:
    """Pictures and clips are in it, no address leads out of it, no script is in it, and its policy knows its style."""
    page = compose_sheet_page([Shown(card(), [PANEL])], "how", lambda _: CLIP, 10**6)
    assert page.clip_count == 1
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page.html)
    assert [address.partition(",")[0] for address in addresses] == [
        "data:video/mp4;base64",
        "data:image/jpeg;base64",
    ]
    assert Image.open(io.BytesIO(base64.b64decode(addresses[1].partition(",")[2]))).size == PANEL.image.size
    assert "<script" not in page.html
    style = re.search(r"<style>(.*?)</style>", page.html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.html
    assert "default-src 'none'" in page.html
    assert "style=" not in page.html


def test_hostile_text_stays_text() -> None:
    """Of prompts, reasons, captions and subtitles; what turns text round is an escape."""
    shown = Shown(card(prompt=HOSTILE), [PANEL._replace(caption=HOSTILE), PANEL._replace(missing=HOSTILE)])
    page = compose_sheet_page([shown], HOSTILE, lambda _: HOSTILE, 10**6).html
    assert re.findall(r"<(?:script|img)[^>]{0,40}", page) == [re.findall(r"<img[^>]{0,40}", page)[0]]
    assert "\u202e" not in page
    assert html.unescape(page).count(HOSTILE.replace("\u202e", r"\u202e")) == 8


def test_a_page_does_not_grow_without_end() -> None:
    """Pictures have the room first, then clips from the first sample on; how many are left out is known, and said."""
    shown = [Shown(card(number), [PANEL]) for number in range(4)]
    pictures = len(compose_sheet_page(shown, "", lambda _: "none", 10**6).html)
    assert isinstance(CLIP, bytes)
    room = 4 * 3_000 + 2 * len(CLIP) * 4 // 3
    page = compose_sheet_page(shown, "", lambda _: CLIP, room)
    assert 0 < page.clip_count < 4
    assert page.left_out == 4 - page.clip_count
    assert page.html.count("the clip is left out") == page.left_out
    assert len(page.html) < pictures + room
    small = compose_sheet_page(shown, "", lambda _: CLIP, 10)
    assert (small.clip_count, small.html.count("data:image/jpeg"), small.left_out) == (0, 0, 4)


@pytest.mark.parametrize(
    "reason", ["no source_video in the available release", "edited_video is broken: truncated"]
)
def test_a_clip_that_there_is_none_of_says_why(reason: str) -> None:
    """In its place."""
    assert reason in compose_sheet_page([Shown(card(), [PANEL])], "", lambda _: reason, 10**6).html


def test_a_page_without_samples_says_so() -> None:
    """It is a page all the same."""
    assert "There are no samples to show." in compose_sheet_page([], "", lambda _: CLIP, 10**6).html
