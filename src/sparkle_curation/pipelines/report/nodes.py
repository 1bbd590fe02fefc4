"""The nodes of ``report``: which samples are shown, and the sheet that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sparkle_curation.filtering.verdicts import Outcome
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.pipelines.report.params import ContactSheetParams
from sparkle_curation.reports.sheet.sample_choice import choose_by_theme, choose_named, choose_nearest
from sparkle_curation.spec.stages import CRITERIA, CRITERION_NAMES
from sparkle_curation.spec.tables.verdicts import outcome_column, score_column, threshold_column

if TYPE_CHECKING:
    from sparkle_curation.reports.sheet.contact_sheet import StageScore


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


def draw_contact_sheet(
    samples_shown: pl.DataFrame,
    annotations: pl.LazyFrame,
    media: pl.LazyFrame,
    grounding_r1: pl.LazyFrame,
    grounding_r2: pl.LazyFrame,
    asset_store: AssetStore,
    params: ContactSheetParams,
) -> NDArray[np.uint8]:
    """The contact sheet, (height, width, 3), RGB: a card for each sample, with its pictures, scores and verdict.

    Args:
        samples_shown: their verdicts, in the order in which they are shown.
        annotations: prompts and keywords.
        media: which assets are there and whole.
        grounding_r1: boxes on the first source frame.
        grounding_r2: the same where round 1 lacks a sample.
        asset_store: the assets.
        params: which pictures.
    """
    # Pictures are read and drawn by packages that a run without them need not load.
    from sparkle_curation.reports.sheet import cards as sheet_cards  # noqa: PLC0415
    from sparkle_curation.reports.sheet import contact_sheet  # noqa: PLC0415

    texts = _of(annotations.select("id", "prompt", "chosen_keyword"), samples_shown)
    grounded = sheet_cards.first_boxes(_of(grounding_r1, samples_shown), _of(grounding_r2, samples_shown))
    maker = sheet_cards.PanelMaker(asset_store, _of(media, samples_shown), grounded)
    rows = samples_shown.join(texts, on="id", how="left", maintain_order="left").rows(named=True)
    cards = [
        contact_sheet.Card(
            id=row["id"],
            theme=row["theme"],
            keyword=row["chosen_keyword"] or "",
            prompt=row["prompt"] or "",
            is_kept=row["is_kept"],
            rejected_by=row["rejected_by"],
            panels=maker.panels(row["id"], params.pictures),
            scores=_scores(row),
        )
        for row in rows
    ]
    return np.asarray(contact_sheet.draw_contact_sheet(cards, _subtitle(params), len(params.pictures)))


def _of(table: pl.LazyFrame, samples: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("id").is_in(samples["id"].implode())).collect()


def _scores(verdict: dict[str, Any]) -> Sequence[StageScore]:
    from sparkle_curation.reports.sheet.contact_sheet import StageScore  # noqa: PLC0415

    scores = []
    for place, each in enumerate(CRITERIA):
        outcome = verdict[outcome_column(each)]
        is_stopped = verdict["rejected_by"] in CRITERION_NAMES[: place + 1]
        if outcome == Outcome.UNSCORED.value and not is_stopped:
            outcome = "let_through"  # beside "kept", a bare "no score" would be a riddle
        scores.append(
            StageScore(each.name, verdict[score_column(each)], verdict[threshold_column(each)], outcome)
        )
    return scores


def _subtitle(params: ContactSheetParams) -> str:
    if params.ids is not None:
        return "the samples that were named"
    count = f"{params.samples_per_theme} of each theme"
    if params.nearest_threshold is not None:
        return f"{count}, those nearest to the threshold of {params.nearest_threshold}"
    return f"{count}, drawn with seed {params.seed} from those with most media"
