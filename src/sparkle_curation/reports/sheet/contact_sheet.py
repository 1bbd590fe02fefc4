"""A contact sheet: one card a sample, with its pictures and what each stage said of it, as one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageDraw

from sparkle_curation.pages.palette import Colour, ink_on
from sparkle_curation.reports.sheet.colours import (
    CARD,
    FAILED,
    FAINT,
    GAP,
    GREY,
    HEADING,
    IMPUTED,
    INK,
    LINE,
    MARGIN,
    PADDING,
    PAGE,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    PASSED,
    SCORES_WIDTH,
    SMALL,
    STRIP,
    TEXT,
    TINY,
    TITLE,
)
from sparkle_curation.reports.sheet.text import drawable, font, shortened, width_px, wrapped
from sparkle_curation.spec.number_text import beside, exact
from sparkle_curation.spec.stages import MAX_SCORE
from sparkle_curation.spec.themes import THEME_COLOURS

_HEAD_HEIGHT = 92
_PROMPT_LINES = 2
_LINE_HEIGHT = TEXT + 6
_CAPTION_HEIGHT = SMALL + 8
_PANELS_TOP = PADDING + HEADING + 10 + _PROMPT_LINES * _LINE_HEIGHT + 8
_CARD_HEIGHT = _PANELS_TOP + PANEL_HEIGHT + _CAPTION_HEIGHT + PADDING - 6
_OUTCOMES: dict[str, tuple[str, Colour]] = {
    "passed": ("passed", PASSED),
    "rejected": ("below", FAILED),
    "unscored": ("no score", GREY),
    "let_through": ("unscored, let through", GREY),
    "imputed": ("imputed", IMPUTED),
}


class Panel(NamedTuple):
    """A picture of a card, of the size of a panel, and what it is."""

    image: Image.Image
    caption: str


class StageScore(NamedTuple):
    """What a stage says of a sample; ``outcome`` is that of the verdict, or ``let_through`` for unscored and kept."""

    stage: str
    score: float | None
    threshold: float
    outcome: str


@dataclass(frozen=True)
class Card:
    """What a contact sheet shows of a sample.

    Attributes:
        id: sample id.
        theme: its theme.
        keyword: what it was edited to, or empty.
        prompt: the instruction, or empty.
        is_kept: whether the variant keeps it; None where nothing was filtered.
        rejected_by: the stage that rejects it, or None.
        panels: its pictures, as many as every other card has.
        scores: by stage.
    """

    id: str
    theme: str
    keyword: str
    prompt: str
    is_kept: bool | None
    rejected_by: str | None
    panels: Sequence[Panel]
    scores: Sequence[StageScore]


def draw_contact_sheet(cards: Sequence[Card], subtitle: str, panel_count: int) -> Image.Image:
    """The sheet as an RGB image: a title, then the cards below each other.

    Args:
        cards: in their order; without any the sheet says so.
        subtitle: how the samples were chosen.
        panel_count: pictures of each card.
    """
    card_width = STRIP + 2 * PADDING + panel_count * (PANEL_WIDTH + GAP) + SCORES_WIDTH
    size = card_width + 2 * MARGIN, _HEAD_HEIGHT + max(len(cards), 1) * (_CARD_HEIGHT + GAP) + MARGIN - GAP
    sheet = Image.new("RGB", size, PAGE)
    canvas = ImageDraw.Draw(sheet)
    count = f"{len(cards)} sample{'' if len(cards) == 1 else 's'}"
    canvas.text((MARGIN, 20), f"Contact sheet · {count}", fill=INK, font=font(TITLE))
    canvas.text((MARGIN, 60), shortened(drawable(subtitle), TEXT, card_width), fill=GREY, font=font(TEXT))
    for number, card in enumerate(cards):
        place = MARGIN, _HEAD_HEIGHT + number * (_CARD_HEIGHT + GAP)
        sheet.paste(_draw_card(card, card_width), place)
    if not cards:
        canvas.text(
            (MARGIN, _HEAD_HEIGHT + PADDING), "There are no samples to show.", fill=GREY, font=font(HEADING)
        )
    return sheet


def _draw_card(card: Card, width: int) -> Image.Image:
    image = Image.new("RGB", (width, _CARD_HEIGHT), CARD)
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 0, width - 1, _CARD_HEIGHT - 1), outline=LINE)
    canvas.rectangle((0, 0, STRIP - 1, _CARD_HEIGHT - 1), fill=THEME_COLOURS.get(card.theme, GREY))
    left, right = STRIP + PADDING, width - PADDING
    _draw_heading(canvas, card, left, right)
    _draw_prompt(canvas, card.prompt, left, right)
    for number, panel in enumerate(card.panels):
        x = left + number * (PANEL_WIDTH + GAP)
        image.paste(panel.image, (x, _PANELS_TOP))
        caption = shortened(drawable(panel.caption), SMALL, PANEL_WIDTH)
        canvas.text((x, _PANELS_TOP + PANEL_HEIGHT + 5), caption, fill=GREY, font=font(SMALL))
    _draw_scores(canvas, card.scores, right - SCORES_WIDTH + GAP)
    return image


def _draw_heading(canvas: ImageDraw.ImageDraw, card: Card, left: int, right: int) -> None:
    """Theme, id and keyword on the left, the verdict on the right."""
    y = PADDING - 4
    x = left + _pill(canvas, card.theme, (left, y), THEME_COLOURS.get(card.theme, GREY)) + 12
    canvas.text((x, y + 2), card.id, fill=INK, font=font(HEADING))
    x += width_px(card.id, HEADING) + 16
    verdict, colour = _verdict(card)
    verdict_x = right - width_px(verdict, TEXT) - 16
    if verdict:
        _pill(canvas, verdict, (verdict_x, y), colour)
    keyword = shortened(drawable(card.keyword), TEXT, verdict_x - x - 16)
    canvas.text((x, y + 5), keyword, fill=GREY, font=font(TEXT))


def _verdict(card: Card) -> tuple[str, Colour]:
    if card.is_kept is None:
        return "", GREY
    if card.is_kept:
        return "kept", PASSED
    return f"rejected by {card.rejected_by}", FAILED


def _pill(canvas: ImageDraw.ImageDraw, text: str, place: tuple[int, int], colour: Colour) -> int:
    """Words on a rounded ground; gives its width."""
    x, y = place
    width = width_px(text, TEXT) + 16
    canvas.rounded_rectangle((x, y, x + width - 1, y + 25), radius=6, fill=colour)
    canvas.text((x + 8, y + 4), text, fill=ink_on(colour), font=font(TEXT))
    return width


def _draw_prompt(canvas: ImageDraw.ImageDraw, prompt: str, left: int, right: int) -> None:
    lines = wrapped(drawable(prompt), TEXT, right - left, _PROMPT_LINES) or ["(no prompt)"]
    colour = INK if prompt else FAINT
    for number, line in enumerate(lines):
        y = PADDING + HEADING + 10 + number * _LINE_HEIGHT
        canvas.text((left, y), line, fill=colour, font=font(TEXT))


# ------------------------------------------------------------------ scores
_SCORE_HEIGHT = 60
_TRACK_TOP, _TRACK_HEIGHT = 26, 10


def _draw_scores(canvas: ImageDraw.ImageDraw, scores: Sequence[StageScore], left: int) -> None:
    """Each stage's score as a bar of 0-10, with a mark at its threshold and the outcome in words."""
    right = left + SCORES_WIDTH - GAP
    if not scores:
        canvas.text((left, _PANELS_TOP), "not filtered", fill=FAINT, font=font(TEXT))
    for number, stage in enumerate(scores):
        _draw_score(canvas, stage, (left, right), _PANELS_TOP + number * _SCORE_HEIGHT)


def _draw_score(canvas: ImageDraw.ImageDraw, stage: StageScore, ends: tuple[int, int], top: int) -> None:
    left, right = ends
    outcome, colour = _OUTCOMES.get(stage.outcome, (stage.outcome, GREY))
    if stage.outcome == "rejected" and stage.score is not None and stage.score > stage.threshold:
        outcome = "above"
    canvas.text(
        (left, top), stage.stage.replace("_", " ").replace("frame0", "frame 0"), fill=INK, font=font(SMALL)
    )
    said = outcome if stage.score is None else f"{beside(stage.score, stage.threshold)}  {outcome}"
    canvas.text((right - width_px(said, SMALL), top), said, fill=colour, font=font(SMALL))
    y1, y2 = top + _TRACK_TOP - 4, top + _TRACK_TOP - 4 + _TRACK_HEIGHT
    canvas.rounded_rectangle((left, y1, right, y2), radius=4, fill=LINE)
    if stage.score is not None:
        end = _at(stage.score, ends)
        canvas.rounded_rectangle((left, y1, max(end, left + 4), y2), radius=4, fill=colour)
    mark = _at(stage.threshold, ends)
    canvas.line([(mark, y1 - 3), (mark, y2 + 3)], fill=INK, width=2)
    is_round = stage.threshold == round(stage.threshold, 1)
    text = f"{stage.threshold:.1f}" if is_round else exact(stage.threshold)
    x = min(max(mark - width_px(text, TINY) // 2, left), right - width_px(text, TINY))
    canvas.text((x, y2 + 4), text, fill=GREY, font=font(TINY))


def _at(score: float, ends: tuple[int, int]) -> int:
    """Where a score of 0-10 lies between two ends."""
    left, right = ends
    return round(left + (right - left) * min(max(score / MAX_SCORE, 0.0), 1.0))
