"""The nodes of ``mix``: members found and read, put together, counted, and written."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sparkle_curation.mixing import documents, mix
from sparkle_curation.mixing.member_samples import MemberSamples
from sparkle_curation.mixing.members import FoundMember, find_members
from sparkle_curation.mixing.mix import Mix
from sparkle_curation.mixing.params import MixGroup
from sparkle_curation.mixing.reading import read_members
from sparkle_curation.variant.sample_groups import LikenessParams


def open_members(
    mix_configuration: Path, params: MixGroup
) -> tuple[list[FoundMember], dict[str, MemberSamples]]:
    """The members with what each brings, by its own description.

    Raises:
        ParameterError: there are too few, or one's root, weight or threshold cannot be.
        VersionError: one was not curated.
        DescriptionError: nothing describes one.
    """
    found = find_members(params.members, mix_configuration)
    return found, read_members(found)


def mix_members(
    mix_members_found: list[FoundMember],
    mix_brought: dict[str, MemberSamples],
    params: MixGroup,
    max_distance: int,
    max_fine_distance: int,
    min_detail: float,
) -> tuple[Mix, pl.DataFrame]:
    """The mix and its table of samples.

    Args:
        mix_members_found: as asked for.
        mix_brought: what each brings.
        params: of the mix.
        max_distance: as in ``near_duplicates``, like the next two.
        max_fine_distance: of the finer hashes.
        min_detail: of a picture that is compared.

    Raises:
        EmptyOutputError: nothing is left for training; what was made before stays.
    """
    likeness = LikenessParams(
        max_distance=max_distance, max_fine_distance=max_fine_distance, min_detail=min_detail
    )
    found = mix.mix(mix_members_found, mix_brought, params, likeness)
    mix.tell(found)
    return found, found.samples


def count_mix(mix_samples: pl.LazyFrame) -> pl.DataFrame:
    """Samples by member, theme, outcome and reason."""
    return mix.count(mix_samples.collect())


def compose_mix(
    mix_found: Mix, params: MixGroup, max_distance: int, max_fine_distance: int, min_detail: float
) -> tuple[dict[str, str], pl.DataFrame]:
    """The training CSVs of the mix, its record and its card; the media that it needs. Arguments as of ``mix_members``."""
    likeness = {
        "max_distance": max_distance,
        "max_fine_distance": max_fine_distance,
        "min_detail": min_detail,
    }
    return documents.compose(mix_found, params, likeness), mix_found.media
