"""The pictures of a variant: some of its pairs, and the scores that it was chosen by."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import SparkleError
from sparkle_curation.filtering.score_histograms import count_scores
from sparkle_curation.ingest.assets.store import AssetStore, Wanted
from sparkle_curation.media.assets import first_frame_of
from sparkle_curation.reports.figures.histograms import count_passing, describe_histograms, draw_histograms
from sparkle_curation.reports.sheet.sample_choice import choose_by_theme
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.pictures import SAMPLES, SCORES, Pictures

if TYPE_CHECKING:
    from sparkle_curation.reports.sheet.variant_sheet import Pair

logger = logging.getLogger(__name__)

_PER_THEME, _SEED = 2, 0


def draw_pictures(
    samples: pl.DataFrame,
    verdicts: AnyFrame,
    thresholds: Mapping[str, float],
    media: AnyFrame,
    store: AssetStore,
) -> Pictures:
    """The pictures of a variant; the same variant and the same clips give the same bytes.

    Clips that are not at hand, or cannot be read, are told in words and are no error: a variant is made without them.

    Args:
        samples: those that are exported.
        verdicts: of all samples.
        thresholds: by the criterion's name.
        media: as inspected.
        store: the assets.
    """
    counts = count_passing(verdicts, thresholds)
    files = {}
    if any(each.scored for each in counts.values()):
        files = {SCORES: draw_histograms(count_scores(verdicts), thresholds, counts).encode()}
    sheet, about = _draw_samples(samples, media, store)
    return Pictures(
        files if sheet is None else {SAMPLES: sheet, **files},
        about,
        describe_histograms(thresholds, counts),
    )


def _draw_samples(samples: pl.DataFrame, media: AnyFrame, store: AssetStore) -> tuple[bytes | None, str]:
    """The sheet and what it shows; without a clip None and why."""
    if samples.is_empty():
        return None, "There are no pairs to show."
    drawn = [KIND.source_video, KIND.edited_video, KIND.source_frame0, KIND.edited_frame0]
    of_pairs = (
        media.lazy()
        .filter(pl.col("kind").is_in(drawn), pl.col("error").is_null())
        .join(samples.lazy().select("id"), on="id", how="semi")
        .collect()
    )
    clips = of_pairs.filter(pl.col("kind").is_in(drawn[:2]))
    whole = clips.group_by("id").agg(pl.col("kind").n_unique()).filter(pl.col("kind") == 2)
    shown = choose_by_theme(samples.join(whole, on="id", how="semi"), of_pairs, _PER_THEME, _SEED)
    if shown.is_empty():
        return None, "No clips of its pairs were at hand when it was made, so there is no picture of them."
    pairs, reason = _read_pairs(shown, of_pairs.join(shown.select("id"), on="id", how="semi"), store)
    if not pairs:
        logger.warning("the card has no picture of the pairs: %s", reason)
        return (
            None,
            "The clips of its pairs could not be read when it was made, so there is no picture of them.",
        )
    # Pictures are read and drawn by packages that a run without them need not load.
    from sparkle_curation.reports.sheet.variant_sheet import (  # noqa: PLC0415
        ThemeRow,
        draw_variant_sheet,
        encode_small,
    )

    counts = dict(samples.group_by("theme").len().iter_rows())
    rows = [ThemeRow(theme, counts[theme], pairs[theme]) for theme in THEMES if theme in pairs]
    told = (
        f"Some pairs of each theme, the first frame of the source beside that of the edit; up to {_PER_THEME} a theme, "
        f"drawn with seed {_SEED}."
    )
    return encode_small(draw_variant_sheet(rows)), told


def _read_pairs(
    shown: pl.DataFrame, media: pl.DataFrame, store: AssetStore
) -> tuple[dict[str, list[Pair]], str]:
    """The pairs that can be read, by theme, and why the first of the others cannot."""
    from sparkle_curation.reports.sheet.cards import PAIR_KINDS, PanelMaker  # noqa: PLC0415 -- see _draw_samples
    from sparkle_curation.reports.sheet.variant_sheet import Pair  # noqa: PLC0415

    there = set(media.select("id", "kind").iter_rows())

    def wanted(row: Mapping[str, str]) -> list[Wanted]:
        kinds = [next((kind for kind in own if (row["id"], kind) in there), None) for own in PAIR_KINDS]
        return [first_frame_of(row["id"], kind) for kind in kinds if kind]

    pairs: dict[str, list[Pair]] = {}
    reason = ""
    try:
        for row, held in store.ahead(shown.rows(named=True), wanted):
            try:
                found = PanelMaker(held, media, {}).pair(row["id"])
            except (SparkleError, OSError) as error:  # a disk with a fault
                found = str(getattr(error, "what", error))
            if isinstance(found, str):
                reason = reason or found
                continue
            caption = row["chosen_keyword"] or row["prompt"] or ""
            pairs.setdefault(row["theme"], []).append(Pair(row["id"], caption, *found))
    except (SparkleError, OSError) as error:  # a server that is not there
        reason = reason or str(getattr(error, "what", error))
    return pairs, reason
