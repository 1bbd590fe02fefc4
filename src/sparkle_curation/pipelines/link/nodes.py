"""The nodes of ``link``: both variants, which samples share a clip, how many, and the CSVs of both."""

from __future__ import annotations

import logging
from pathlib import PurePosixPath

import polars as pl

from sparkle_curation.datasets.variant.other_variant_dataset import OtherVariants
from sparkle_curation.errors import ParameterError, did_you_mean
from sparkle_curation.ingest.exclusions.resolving import Excluded
from sparkle_curation.pipelines.link.params import LinkGroup
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import annotations_csv_path
from sparkle_curation.spec.tables.linking import LinkOutcome, Side
from sparkle_curation.variant import linking
from sparkle_curation.variant.linking import LinkedVariant, LinkRule
from sparkle_curation.variant.record import identify_variant
from sparkle_curation.variant.sample_groups import LikenessParams

logger = logging.getLogger(__name__)


def open_variants(
    variant_samples: pl.DataFrame,
    frame_hashes: pl.LazyFrame,
    excluded: Excluded,
    other_variants: OtherVariants,
    params: LinkGroup,
) -> tuple[LinkedVariant, LinkedVariant]:
    """This variant, less what was excluded on request since it was made, and the one of the other data root.

    Raises:
        ParameterError: no other data root is named, or a theme that its variant has no sample of.
        VersionError: there is no variant, or no hashes, or they cannot be read.
    """
    if params.other is None:
        raise ParameterError(
            "No other dataset is named, to link the variant to",
            where="link.other",
            got="null",
            allowed="the data root of a dataset of which curate and near_duplicates were run",
            todo="kedro run --pipelines link --params link.other=/path/to/data_root",
        )
    samples = variant_samples.filter(~pl.col("id").is_in(list(excluded.ids)))
    files = {
        key: PurePosixPath(annotations_csv_path(*key)).name
        for key in samples.select("theme", "split").unique().rows()
    }
    named = samples.with_columns(
        pl.Series("file", [files[key] for key in samples.select("theme", "split").rows()], pl.String)
    )
    this = LinkedVariant(dataset().name, identify_variant(variant_samples), named, frame_hashes.collect())
    other = other_variants.open(params.other)
    _check_theme(this, params.theme, "link.theme")
    _check_theme(other, params.other_theme, "link.other_theme")
    return this, other


def _check_theme(variant: LinkedVariant, theme: str | None, where: str) -> None:
    known = sorted(
        variant.hashes.join(variant.samples.select("id"), on="id", how="semi")["theme"].unique().to_list()
    )
    if theme is not None and theme not in known:
        raise ParameterError(
            "The variant has no sample of that theme whose first frame was hashed",
            where=where,
            got=theme,
            allowed=", ".join(known) or "none: it has no sample that was hashed",
            todo=did_you_mean(theme, known) or f"name one of these, or leave {where} out for all",
        )


def choose_rule(params: LinkGroup, max_distance: int, max_fine_distance: int, min_detail: float) -> LinkRule:
    """What is linked and how.

    Args:
        params: of the link.
        max_distance: as in ``near_duplicates``, like the next two.
        max_fine_distance: of the finer hashes.
        min_detail: of a picture that is compared.
    """
    likeness = LikenessParams(
        max_distance=max_distance, max_fine_distance=max_fine_distance, min_detail=min_detail
    )
    return LinkRule(likeness, params.theme, params.other_theme, params.equal_counts)


def link_samples(this_variant: LinkedVariant, other_variant: LinkedVariant, rule: LinkRule) -> pl.DataFrame:
    """The table of the link: one row per sample of either variant, with its clip, or why it is in neither CSV.

    Raises:
        EmptyOutputError: no clip is in both.
    """
    return linking.check_linked(linking.link(this_variant, other_variant, rule))


def count_links(linked_samples: pl.LazyFrame) -> pl.DataFrame:
    """Samples by side, theme and outcome; the sums are logged."""
    linked = linked_samples.collect()
    for side in Side:
        of_side = linked.filter(pl.col("side") == side.value)
        found = dict(of_side.group_by("outcome").len().rows())
        others = ", ".join(
            f"{found[each.value]:,} {each.value}"
            for each in LinkOutcome
            if each.value in found and each != "linked"
        )
        logger.info(
            "link: %s: %s of %s samples are linked%s",
            *(
                side.value,
                f"{found.get('linked', 0):,}",
                f"{of_side.height:,}",
                f"; {others}" if others else "",
            ),
        )
    return linking.count_links(linked)


def compose_link(
    linked_samples: pl.LazyFrame, this_variant: LinkedVariant, other_variant: LinkedVariant, rule: LinkRule
) -> dict[str, str]:
    """The training CSVs of both variants over the same clips, and the record of the link."""
    return linking.compose_link(linked_samples.collect(), this_variant, other_variant, rule)
