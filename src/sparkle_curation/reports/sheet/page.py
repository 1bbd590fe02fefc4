"""A contact sheet as one file of HTML: it needs no network, no other file and no script, and its clips play."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from PIL import Image

from sparkle_curation.escaping import visible
from sparkle_curation.pages.palette import colours_css
from sparkle_curation.reports.sheet.contact_sheet import EMPTY_SHEET, sheet_title
from sparkle_curation.reports.sheet.description import Card, Shown

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = Path(__file__).parent
_JPEG_QUALITY = 84


@dataclass(frozen=True)
class Media:
    """A picture or clip of the page: its address, or why there is none."""

    caption: str
    address: str = ""
    missing: str = ""


@dataclass(frozen=True)
class PageCard:
    """A sample of the page."""

    card: Card
    theme: str
    clip: Media
    pictures: Sequence[Media]


@dataclass(frozen=True)
class SheetPage:
    """The page, and what its clips came to.

    Attributes:
        html: the whole file.
        clip_count: clips in it.
        left_out: clips that would have made it larger than it may be.
    """

    html: str
    clip_count: int
    left_out: int


class _Budget:
    """Room for the bytes of media."""

    def __init__(self, room: int) -> None:
        self.room, self.left_out = room, 0

    def address(self, kind: str, content: bytes) -> str:
        """The content as an address; empty where it has no room any more."""
        text = f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
        if len(text) > self.room:
            return ""
        self.room -= len(text)
        return text


def compose_sheet_page(
    shown: Sequence[Shown], subtitle: str, clip_of: Callable[[str], bytes | str], max_bytes: int
) -> SheetPage:
    """The sheet as a page: pictures of all samples first, then as many clips, in their order, as there is room for.

    Args:
        shown: the samples in their order; without any the page says so.
        subtitle: how they were chosen.
        clip_of: by the id of a sample its clip, or why there is none.
        max_bytes: what is larger is left out, and said to be.
    """
    budget = _Budget(max_bytes)
    pictures = [
        [_picture(panel.image, panel.caption, panel.missing, budget) for panel in each.panels]
        for each in shown
    ]
    clips = [_clip(each.card.id, clip_of, budget, max_bytes) for each in shown]
    themes = {
        colour: f"theme-{place}"
        for place, colour in enumerate(dict.fromkeys(each.card.colour for each in shown))
    }
    cards = [
        PageCard(each.card, themes[each.card.colour], clip, found)
        for each, clip, found in zip(shown, clips, pictures, strict=True)
    ]
    style = _style(themes)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    clip_count = sum(bool(clip.address) for clip in clips)
    html = (
        _templates()
        .get_template("sheet.html.jinja")
        .render(
            title=sheet_title(len(shown)),
            subtitle=subtitle,
            told=_told(clip_count, len(shown)),
            empty=EMPTY_SHEET,
            cards=cards,
            style=Markup(style),  # noqa: S704 -- of this folder and of colours alone
            digest=digest,
        )
    )
    return SheetPage(html, clip_count, budget.left_out)


def _told(clip_count: int, count: int) -> str:
    return f"{clip_count} of {count} with a clip: source on the left, edit on the right" if count else ""


def _picture(image: Image.Image, caption: str, missing: str, budget: _Budget) -> Media:
    if missing:
        return Media(caption, missing=missing)
    target = io.BytesIO()
    image.save(target, format="JPEG", quality=_JPEG_QUALITY)
    address = budget.address("image/jpeg", target.getvalue())
    return Media(caption, address, "" if address else "left out, so that the page does not grow too large")


def _clip(sample_id: str, clip_of: Callable[[str], bytes | str], budget: _Budget, max_bytes: int) -> Media:
    caption = "source | edit"
    if (
        budget.left_out
    ):  # what follows is not looked at either, so that a short clip does not stand between gaps
        budget.left_out += 1
        return Media(caption, missing=_full(max_bytes))
    found = clip_of(sample_id)
    if isinstance(found, str):
        return Media(caption, missing=found)
    address = budget.address("video/mp4", found)
    if not address:
        budget.left_out += 1
    return Media(caption, address, "" if address else _full(max_bytes))


def _full(max_bytes: int) -> str:
    return f"the clip is left out: the page would be larger than {max_bytes / 1e6:.4g} MB"


def _style(themes: dict[str, str]) -> str:
    own = "".join(f".{name}{{--theme:{colour}}}" for colour, name in themes.items())
    rest = (_FOLDER / "sheet.css").read_text("utf-8")
    return f"{colours_css()}{own}\n{rest}"


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 -- takes a tenth of a second

    return Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, finalize=_shown
    )


def _shown(value: Any) -> Any:
    """A text less what nobody could see, but for what joins letters and emoji."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return visible(value, keep="\n\t\u200c\u200d")
