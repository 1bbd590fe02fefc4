"""The steps of a comparison: open both versions, compare, count, sum up."""

from __future__ import annotations

import polars as pl

from sparkle_curation.datasets.variant.variant_store import VariantStore
from sparkle_curation.ingest.exclusions.resolving import Excluded
from sparkle_curation.variant.versions.diff import compare, count_by_reason
from sparkle_curation.variant.versions.diff_summary import summarise
from sparkle_curation.variant.versions.version import VariantVersion, without_samples


def open_versions(
    variant_versions: VariantStore, base: str | None, other: str | None, excluded: Excluded
) -> tuple[VariantVersion, VariantVersion]:
    """The two versions, read whole, without samples that were excluded on request since one of them was made.

    Raises:
        VersionError: one of them is not there, cannot be read, or its files are not of one curation.
    """
    opened = variant_versions.open(base), variant_versions.open(other)
    return without_samples(opened[0], excluded.ids), without_samples(opened[1], excluded.ids)


def compare_variants(base_version: VariantVersion, other_version: VariantVersion) -> pl.DataFrame:
    """The difference: one row per sample added, removed or changed, and why.

    Raises:
        ConservationError: base + added - removed is not other, in some theme.
    """
    return compare(base_version, other_version)


def count_differences(variant_diff: pl.LazyFrame) -> pl.DataFrame:
    """The counts of the difference by theme, change and reason."""
    return count_by_reason(variant_diff.collect())


def summarise_difference(
    base_version: VariantVersion, other_version: VariantVersion, variant_diff: pl.LazyFrame
) -> str:
    """The difference as a short text for a pull request, in Markdown."""
    return summarise(base_version, other_version, variant_diff.collect())
