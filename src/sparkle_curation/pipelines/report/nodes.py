"""The nodes of ``report``: which samples are shown, and the sheet that shows them."""

from __future__ import annotations

import logging
from itertools import count

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sparkle_curation.engine.progress import item_progress
from sparkle_curation.filtering import signal_precision
from sparkle_curation.filtering.signal_bounds import SignalBoundsModel, resolve_bounds
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.pipelines.report.params import ContactSheetParams
from sparkle_curation.reports.sheet.description import Card, Panel, Shown, describe_samples
from sparkle_curation.reports.sheet.sample_choice import choose_by_theme, choose_named, choose_nearest
from sparkle_curation.spec.stages import STAGES

logger = logging.getLogger(__name__)


def choose_samples(verdicts: pl.LazyFrame, media: pl.LazyFrame, params: ContactSheetParams) -> pl.DataFrame:
    """The verdicts of the samples to show: the named ones, those nearest a threshold, or some of each theme.

    Raises:
        ParameterError: a named sample is not there.
    """
    if params.ids is not None:
        return choose_named(verdicts, params.ids)
    if params.nearest_threshold is not None:
        return choose_nearest(verdicts, params.nearest_threshold, params.samples_per_theme)
    whole = media.filter(pl.col("error").is_null())
    return choose_by_theme(verdicts, whole, params.samples_per_theme, params.seed)


def describe_cards(
    samples_shown: pl.DataFrame, annotations: pl.LazyFrame, *scores: pl.LazyFrame
) -> list[Card]:
    """What is shown of each sample, as data, in their order: the sheet and its page draw it.

    Args:
        samples_shown: their verdicts, in the order in which they are shown.
        annotations: prompts and keywords.
        *scores: the scores of each stage, in the order of the stages, for the reasons of the judges.
    """
    columns = ("prompt", "chosen_keyword", "original_scene")
    texts = _of(annotations.select("id", *columns), samples_shown).unique("id", keep="first")
    rows = samples_shown.join(texts, on="id", how="left", maintain_order="left").rows(named=True)
    found = {
        stage.name: {row["id"]: row for row in _of(_with_reasons(table), samples_shown).iter_rows(named=True)}
        for stage, table in zip(STAGES, scores, strict=True)
    }
    return describe_samples(rows, found)


def read_panels(
    samples_shown: pl.DataFrame,
    media: pl.LazyFrame,
    grounding_r1: pl.LazyFrame,
    grounding_r2: pl.LazyFrame,
    asset_store: AssetStore,
    params: ContactSheetParams,
) -> list[list[Panel]]:
    """The pictures of each sample, in their order, each of them, or why it is none.

    Args:
        samples_shown: which samples.
        media: which assets are there and whole.
        grounding_r1: boxes on the first source frame.
        grounding_r2: the same where round 1 lacks a sample.
        asset_store: the assets.
        params: which pictures.
    """
    # Pictures are read and drawn by packages that a run without them need not load.
    from sparkle_curation.reports.sheet.cards import PanelMaker, first_boxes  # noqa: PLC0415

    grounded = first_boxes(_of(grounding_r1, samples_shown), _of(grounding_r2, samples_shown))
    maker = PanelMaker(asset_store, _of(media, samples_shown), grounded)
    return [maker.panels(name, params.pictures) for name in samples_shown["id"]]


def draw_contact_sheet(
    cards_shown: list[Card], panels_shown: list[list[Panel]], params: ContactSheetParams
) -> NDArray[np.uint8]:
    """The contact sheet, (height, width, 3), RGB: a card for each sample; what no font here can draw is logged.

    Args:
        cards_shown: what is shown of each sample.
        panels_shown: its pictures.
        params: how samples were chosen.
    """
    from sparkle_curation.reports.lettering import fonts  # noqa: PLC0415 -- as above
    from sparkle_curation.reports.sheet import contact_sheet  # noqa: PLC0415 -- as above

    texts = (
        text for card in cards_shown for text in (*card.texts, *(each.text for each in card.reasons[:1]))
    )
    lacking = fonts.lacking(texts)
    if lacking:
        logger.warning(
            "contact sheet: no font here has %s of its characters, such as %s, which stand as escapes; its page has them "
            "wherever a browser has; for the picture: sudo apt-get install fontconfig %s",
            f"{len(lacking):,}",
            lacking[:3],
            " ".join(fonts.packages_for(lacking)),
        )
    shown = [Shown(*each) for each in zip(cards_shown, panels_shown, strict=True)]
    return np.asarray(contact_sheet.draw_contact_sheet(shown, _subtitle(params), len(params.pictures)))


def compose_contact_sheet_page(
    cards_shown: list[Card],
    panels_shown: list[list[Panel]],
    media: pl.LazyFrame,
    asset_store: AssetStore,
    params: ContactSheetParams,
) -> str:
    """The contact sheet as one file of HTML, with clips that play; its size, and clips that had no room, are logged.

    Args:
        cards_shown: what is shown of each sample.
        panels_shown: its pictures.
        media: which assets are there and whole.
        asset_store: the assets.
        params: how samples were chosen, how long clips are, and how large the page may be.
    """
    from sparkle_curation.reports.sheet.clips import ClipMaker  # noqa: PLC0415 -- as above
    from sparkle_curation.reports.sheet.page import compose_sheet_page  # noqa: PLC0415 -- as above

    wanted = media.filter(pl.col("id").is_in([card.id for card in cards_shown])).collect()
    maker = ClipMaker(asset_store, wanted, params.clip_seconds)
    shown = [Shown(*each) for each in zip(cards_shown, panels_shown, strict=True)]
    made = count(1)
    with item_progress("clips", len(shown)) as done:

        def clip_of(sample_id: str) -> bytes | str:
            clip = maker.clip(sample_id)
            done(next(made), 0)
            return clip

        page = compose_sheet_page(shown, _subtitle(params), clip_of, int(params.max_page_mb * 1e6))
    logger.info("contact sheet: a page of %.1f MB with %s clips", len(page.html) / 1e6, page.clip_count)
    if page.left_out:
        logger.warning(
            "contact sheet: %s clips are left out of the page, which has no room for them; a larger one: "
            "--params contact_sheet.max_page_mb=%.4g",
            page.left_out,
            params.max_page_mb * 2,
        )
    return page.html


def measure_signal_precision(
    verdicts: pl.LazyFrame, signals: pl.LazyFrame, signal_bounds: SignalBoundsModel | None
) -> pl.DataFrame:
    """What bounds on signals are worth by decisions by hand: precision and recall, of bounds that are set and of others.

    Those of bounds that are set are logged. No rows without decisions or signals.

    Args:
        verdicts: with what people decided.
        signals: the table; empty where it was not measured.
        signal_bounds: the bounds that are set.
    """
    measured = signal_precision.measure_signal_precision(verdicts, signals, resolve_bounds(signal_bounds))
    for line in signal_precision.describe_set(measured):
        logger.info("%s", line)
    return measured


def _of(table: pl.LazyFrame, samples: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("id").is_in(samples["id"].implode())).collect()


def _with_reasons(table: pl.LazyFrame) -> pl.LazyFrame:
    present = table.collect_schema().names()
    return table.select(name for name in ("id", "frame_indices", "editscore") if name in present)


def _subtitle(params: ContactSheetParams) -> str:
    if params.ids is not None:
        return "the samples that were named"
    count = f"{params.samples_per_theme} of each theme"
    if params.nearest_threshold is not None:
        return f"{count}, those nearest to the threshold of {params.nearest_threshold}"
    return f"{count}, drawn with seed {params.seed} from those with most media"
