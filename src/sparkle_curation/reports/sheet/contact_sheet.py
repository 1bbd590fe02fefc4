"""A contact sheet as one image: one card a sample, with its pictures and what each stage said of it."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from sparkle_curation.pages.palette import Colour, ink_on
from sparkle_curation.reports.lettering.directions import is_rtl
from sparkle_curation.reports.lettering.text import drawable, shortened, width_px, wrapped, write
from sparkle_curation.reports.sheet.colours import (
    CARD,
    FAINT,
    GAP,
    GREY,
    HEADING,
    INK,
    LINE,
    MARGIN,
    PADDING,
    PAGE,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    SCORES_WIDTH,
    SMALL,
    STRIP,
    TEXT,
    TINY,
    TITLE,
    TONES,
)
from sparkle_curation.reports.sheet.description import Card, Reason, ScoreLine, Shown
from sparkle_curation.spec.stages import CRITERIA

EMPTY_SHEET = "There are no samples to show."

_HEAD_HEIGHT = 92
_PROMPT_LINES = 2
_LINE_HEIGHT = TEXT + 6
_CAPTION_HEIGHT = SMALL + 8
_PANELS_TOP = PADDING + HEADING + 10 + _PROMPT_LINES * _LINE_HEIGHT + 8
_SCORE_HEIGHT = 60
_TRACK_TOP, _TRACK_HEIGHT = 26, 10
_MIDDLE_HEIGHT = max(PANEL_HEIGHT + _CAPTION_HEIGHT, _SCORE_HEIGHT * len(CRITERIA))
_REASON_TOP = _PANELS_TOP + _MIDDLE_HEIGHT + 4
_CARD_HEIGHT = _REASON_TOP + SMALL + PADDING


def sheet_title(count: int) -> str:
    """What stands above a sheet.

    >>> sheet_title(1), sheet_title(2)
    ('Contact sheet · 1 sample', 'Contact sheet · 2 samples')
    """
    return f"Contact sheet · {count} sample{'' if count == 1 else 's'}"


def draw_contact_sheet(shown: Sequence[Shown], subtitle: str, panel_count: int) -> Image.Image:
    """The sheet as an RGB image: a title, then the cards below each other.

    Args:
        shown: in their order; without any the sheet says so.
        subtitle: how the samples were chosen.
        panel_count: pictures of each card.
    """
    card_width = STRIP + 2 * PADDING + panel_count * (PANEL_WIDTH + GAP) + SCORES_WIDTH
    size = card_width + 2 * MARGIN, _HEAD_HEIGHT + max(len(shown), 1) * (_CARD_HEIGHT + GAP) + MARGIN - GAP
    sheet = Image.new("RGB", size, PAGE)
    write(sheet, (MARGIN, 20), sheet_title(len(shown)), TITLE, INK)
    write(sheet, (MARGIN, 60), shortened(drawable(subtitle), TEXT, card_width), TEXT, GREY)
    for number, each in enumerate(shown):
        sheet.paste(_draw_card(each, card_width), (MARGIN, _HEAD_HEIGHT + number * (_CARD_HEIGHT + GAP)))
    if not shown:
        write(sheet, (MARGIN, _HEAD_HEIGHT + PADDING), EMPTY_SHEET, HEADING, GREY)
    return sheet


def _draw_card(shown: Shown, width: int) -> Image.Image:
    card = shown.card
    image = Image.new("RGB", (width, _CARD_HEIGHT), CARD)
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 0, width - 1, _CARD_HEIGHT - 1), outline=LINE)
    canvas.rectangle((0, 0, STRIP - 1, _CARD_HEIGHT - 1), fill=card.colour)
    left, right = STRIP + PADDING, width - PADDING
    _draw_heading(image, card, left, right)
    _draw_prompt(image, card, left, right)
    for number, panel in enumerate(shown.panels):
        x = left + number * (PANEL_WIDTH + GAP)
        image.paste(panel.image, (x, _PANELS_TOP))
        caption = shortened(drawable(panel.caption), SMALL, PANEL_WIDTH)
        write(image, (x, _PANELS_TOP + PANEL_HEIGHT + 5), caption, SMALL, GREY)
    _draw_scores(image, card, right - SCORES_WIDTH + GAP)
    if card.reasons:
        _draw_reason(image, card.reasons[0], left, right)
    return image


def _draw_heading(image: Image.Image, card: Card, left: int, right: int) -> None:
    """Theme, id and keyword on the left, the verdict on the right."""
    y = PADDING - 4
    x = left + _pill(image, drawable(card.theme), (left, y), card.colour) + 12
    write(image, (x, y + 2), card.id, HEADING, INK)
    x += width_px(card.id, HEADING) + 16
    verdict_x = right
    if card.verdict:
        verdict_x -= width_px(card.verdict.text, TEXT) + 16
        _pill(image, card.verdict.text, (verdict_x, y), TONES[card.verdict.tone])
    keyword = shortened(drawable(card.keyword), TEXT, verdict_x - x - 16)
    write(image, (x, y + 5), keyword, TEXT, GREY)


def _pill(image: Image.Image, text: str, place: tuple[int, int], colour: Colour) -> int:
    """Words on a rounded ground; gives its width."""
    x, y = place
    width = width_px(text, TEXT) + 16
    ImageDraw.Draw(image).rounded_rectangle((x, y, x + width - 1, y + 25), radius=6, fill=colour)
    write(image, (x + 8, y + 4), text, TEXT, ink_on(colour))
    return width


def _draw_prompt(image: Image.Image, card: Card, left: int, right: int) -> None:
    """Two lines, which begin on the right where the prompt's script does."""
    lines = wrapped(drawable(card.prompt), TEXT, right - left, _PROMPT_LINES)
    colour, rtl = INK if card.has_prompt else FAINT, is_rtl(card.prompt)
    for number, line in enumerate(lines):
        x = right - width_px(line, TEXT) if rtl else left
        write(image, (x, PADDING + HEADING + 10 + number * _LINE_HEIGHT), line, TEXT, colour, rtl=rtl)


def _draw_reason(image: Image.Image, reason: Reason, left: int, right: int) -> None:
    """The first of the reasons, in one line."""
    title = f"{reason.title}: "
    write(image, (left, _REASON_TOP), title, SMALL, FAINT)
    x = left + width_px(title, SMALL) + 4
    write(image, (x, _REASON_TOP), shortened(drawable(reason.text), SMALL, right - x), SMALL, GREY)


# ------------------------------------------------------------------ scores
def _draw_scores(image: Image.Image, card: Card, left: int) -> None:
    """Each stage's score as a bar, with a mark at its threshold and the outcome in words."""
    right = left + SCORES_WIDTH - GAP
    if card.note:
        write(image, (left, _PANELS_TOP), card.note, TEXT, FAINT)
    for number, score in enumerate(card.scores):
        _draw_score(image, score, (left, right), _PANELS_TOP + number * _SCORE_HEIGHT)


def _draw_score(image: Image.Image, score: ScoreLine, ends: tuple[int, int], top: int) -> None:
    left, right = ends
    canvas = ImageDraw.Draw(image)
    colour = TONES[score.tone]
    said_x = right - width_px(score.said, SMALL)
    title = shortened(score.title, SMALL, said_x - left - 8)
    write(image, (left, top), title, SMALL, INK)
    write(image, (said_x, top), score.said, SMALL, colour)
    y1, y2 = top + _TRACK_TOP - 4, top + _TRACK_TOP - 4 + _TRACK_HEIGHT
    canvas.rounded_rectangle((left, y1, right, y2), radius=4, fill=LINE)
    if score.share is not None:
        end = round(left + (right - left) * score.share)
        canvas.rounded_rectangle((left, y1, max(end, left + 4), y2), radius=4, fill=colour)
    mark = round(left + (right - left) * score.threshold_share)
    canvas.line([(mark, y1 - 3), (mark, y2 + 3)], fill=INK, width=2)
    text = score.threshold_text
    x = min(max(mark - width_px(text, TINY) // 2, left), right - width_px(text, TINY))
    write(image, (x, y2 + 4), text, TINY, GREY)
