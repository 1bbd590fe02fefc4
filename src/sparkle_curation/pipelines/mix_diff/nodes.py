"""The nodes of ``mix_diff``: two mixes opened, compared, summed up."""

from __future__ import annotations

import polars as pl

from sparkle_curation.datasets.variant.mixes_dataset import Mixes
from sparkle_curation.mixing import comparing


def open_mixes(mixes: Mixes, base: str | None, other: str | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The samples of both mixes.

    Raises:
        VersionError: there is none of that name.
    """
    return mixes.open(base), mixes.open(other)


def compare_mixes(base_mix: pl.DataFrame, other_mix: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """Each sample added, removed or changed, and a summary in Markdown.

    Raises:
        ConservationError: base + added - removed is not other, for some member.
    """
    diff = comparing.compare(base_mix, other_mix)
    return diff, comparing.summarise(base_mix, other_mix, diff)
