"""The nodes of ``profiles``: the variant's pairs described, fitted to each loader, and written in its form."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import EmptyOutputError
from sparkle_curation.pipelines.profiles.params import ProfilesGroup
from sparkle_curation.spec.layout import KIND
from sparkle_curation.training.profiles.card import CARD_NAME, REPORT_NAME, describe_profiles
from sparkle_curation.training.profiles.exporting import fit_pairs, write_profile
from sparkle_curation.training.profiles.known import PROFILES
from sparkle_curation.training.profiles.pairs import describe_pairs
from sparkle_curation.training.profiles.profile import PRESETS
from sparkle_curation.variant.record import identify_variant

logger = logging.getLogger(__name__)


def describe_exported_pairs(
    variant_samples: pl.DataFrame, media: AnyFrame, params: ProfilesGroup
) -> pl.DataFrame:
    """One row per pair of the variant, with its videos and their facts."""
    return describe_pairs(variant_samples, media, params.control or KIND.source_video)


def write_profiles(
    pairs: pl.DataFrame, variant_samples: pl.DataFrame, params: ProfilesGroup, allow_empty: bool
) -> dict[str, str]:
    """The files of each profile, a report of what is left out or odd, and a card.

    Raises:
        EmptyOutputError: a profile has no pair, and ``allow_empty`` is not set.
    """
    preset = PRESETS[params.size]
    profiles = [PROFILES[name] for name in params.names]
    fitted = {each.name: fit_pairs(pairs, each, preset) for each in profiles}
    texts: dict[str, str] = {}
    for profile in profiles:
        rows, report = fitted[profile.name]
        reasons = report.group_by("reason", maintain_order=True).len().rows()
        told = ", ".join(f"{count:,} {reason}" for reason, count in reasons)
        if rows.is_empty() and not allow_empty:
            raise EmptyOutputError(
                f"No pair of the variant is one for {profile.title}",
                where=f"profiles.names, {profile.name}",
                got=told or "a variant without pairs",
                allowed="at least one pair in each file",
                todo="make a variant that has pairs, kedro run --pipelines curate; or leave the profile out of "
                "profiles.names; for files without rows: --params allow_empty=true",
            )
        logger.info("%s: %s pairs%s", profile.name, f"{rows.height:,}", f"; {told}" if told else "")
        texts |= write_profile(rows, profile)
    report = pl.concat([each.report for each in fitted.values()], how="vertical_relaxed")
    variant = identify_variant(variant_samples), variant_samples.height
    card = describe_profiles(profiles, fitted, variant, params.size, preset)
    return {**texts, REPORT_NAME: report.write_csv(), CARD_NAME: card}
