"""The nodes of ``publish``: tables, references, media by consent, a folder of all, a plan, an upload."""

from __future__ import annotations

import logging
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.hub.client import Hub
from sparkle_curation.hub.origin import Origin
from sparkle_curation.hub.publication.comparing import PublishPlan, make_publish_plan
from sparkle_curation.hub.publication.composing import compose_publication, media_of
from sparkle_curation.hub.publication.contents import Content, Publication, PublishedFolder
from sparkle_curation.hub.publication.referring import check_references, find_origin
from sparkle_curation.hub.publication.tables import list_references, list_samples
from sparkle_curation.hub.publication.uploading import upload
from sparkle_curation.hub.settings import PublishSettings
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.spec.licences import PAIR_KINDS
from sparkle_curation.variant.facts import VariantFacts

logger = logging.getLogger(__name__)


def list_published_samples(
    variant_samples: pl.DataFrame, annotations: AnyFrame, verdicts: AnyFrame
) -> pl.DataFrame:
    """One row per pair of the variant: prompt, keyword, scene, scores, paths."""
    return list_samples(variant_samples, annotations, verdicts)


def refer_to_release(
    published_samples: pl.DataFrame,
    assets: AnyFrame,
    assets_source_files: AnyFrame,
    release_origin: Origin | None,
    hub: Hub,
    params: PublishSettings,
) -> pl.DataFrame:
    """One row per pair and kind of asset: repository, commit, file, offset and size.

    Raises:
        ParameterError: the commit of the release is not known.
        StaleTableError: the files on the hub are others than those that were ingested.
    """
    origin = find_origin(hub, params, release_origin)
    references = list_references(published_samples, assets, params.kinds or PAIR_KINDS, origin)
    if params.check_references:
        check_references(hub, references, assets_source_files)
    return references


def gather_media(
    variant_facts: VariantFacts,
    published_samples: pl.DataFrame,
    asset_store: AssetStore,
    params: PublishSettings,
) -> tuple[dict[str, Content], list[str]]:
    """Shards and preview by path, and what to know of them; nothing where no media are asked for."""
    return media_of(variant_facts, published_samples, asset_store, params)


def compose(
    variant_facts: VariantFacts,
    variant_samples: pl.DataFrame,
    published_samples: pl.DataFrame,
    references: pl.DataFrame,
    published_media: dict[str, Content],
    media_notes: list[str],
    params: PublishSettings,
) -> tuple[Publication, list[str]]:
    """All files of the repository, and what whoever publishes should know."""
    notes = list(media_notes)
    if lacking := published_samples.height - references["id"].n_unique():
        notes.append(f"{lacking:,} pairs have no reference: the release at hand lacks their media.")
    publication = compose_publication(
        variant_facts, variant_samples, published_samples, references, published_media, notes, params
    )
    if publication.unfilled:
        notes.append(
            f"Nobody has said anything for {', '.join(publication.unfilled)}; publish.responsible_ai can."
        )
    return publication, notes


def plan_publication(
    publication: PublishedFolder,
    publication_notes: list[str],
    references: pl.DataFrame,
    hub: Hub,
    params: PublishSettings,
) -> tuple[PublishPlan, pl.DataFrame]:
    """What is new, changed, the same and gone against the repository, and the same as a report, one row per file."""
    release = references["repository"].first() if references.height else ""
    plan = make_publish_plan(publication, hub, params, str(release), tuple(publication_notes))
    logger.info("%s", plan.describe())
    return plan, plan.table


def upload_publication(
    publish_planned: PublishPlan, variant_facts: VariantFacts, hub: Hub, params: PublishSettings
) -> dict[str, Any]:
    """Repository, commit, files and bytes of what was uploaded; nothing is without ``publish.confirm``."""
    return upload(publish_planned, hub, variant_facts.version, is_confirmed=params.confirm)
