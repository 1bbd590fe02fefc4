"""Composing a publication: tables, annotations, media by consent, and what describes them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import polars as pl

from sparkle_curation.errors import EmptyOutputError
from sparkle_curation.hub.publication import contents, media
from sparkle_curation.hub.publication.contents import Content, Publication
from sparkle_curation.hub.publication.croissant import write_croissant
from sparkle_curation.hub.publication.repository_card import write_repository_card
from sparkle_curation.hub.publication.responsible_ai import describe
from sparkle_curation.hub.publication.tables import as_parquet, of_split
from sparkle_curation.hub.settings import PublishSettings
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.united_store import UnitedAssetStore
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import TRAIN, VAL, metadata_jsonl_path
from sparkle_curation.spec.licences import PAIR_KINDS
from sparkle_curation.spec.training_csv import write_training_csv
from sparkle_curation.variant.card.writing import CARD_NAME
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.metadata_text import write_metadata
from sparkle_curation.variant.record import RECORD_NAME, write_record


def compose_publication(
    facts: VariantFacts,
    variant: pl.DataFrame,
    samples: pl.DataFrame,
    references: pl.DataFrame,
    media_files: dict[str, Content],
    notes: list[str],
    settings: PublishSettings,
) -> Publication:
    """All files of the repository, from the tables to the card.

    Args:
        facts: of the variant.
        variant: its rows, as its CSVs have them.
        samples: with ``SAMPLE_COLUMNS``.
        references: with ``REFERENCE_COLUMNS``.
        media_files: from ``media_of``.
        notes: on what is lacking, a sentence each.
        settings: name, and what is said for responsible AI.

    Raises:
        EmptyOutputError: the variant has no sample.
    """
    if not facts.splits:
        raise EmptyOutputError(
            "There is nothing to publish: the variant has no pair",
            where="variant_samples",
            got="0 pairs",
            allowed="one pair or more",
            todo="make a variant that has some: kedro run --pipelines curate",
        )
    name = settings.repository or f"{dataset().name}-{facts.version[:12]}"
    tables = dict(_tables(facts, samples, references))
    responsible = describe(facts, settings.responsible_ai)
    files: dict[str, Content] = {**tables, **dict(_annotations(facts, variant)), **media_files}
    files[RECORD_NAME] = write_record(facts).encode()
    files[contents.CROISSANT_NAME] = write_croissant(facts, tables, responsible, name).encode()
    files[CARD_NAME] = write_repository_card(facts, name, files, responsible, notes).encode()
    return Publication(files, facts.version, tuple(notes), responsible.unfilled)


def media_of(
    facts: VariantFacts, samples: pl.DataFrame, store: AssetStore, settings: PublishSettings
) -> tuple[dict[str, Content], list[str]]:
    """Shards and preview that are asked for, by path, and what to know of them; nothing where nothing is.

    Raises:
        ParameterError: nobody has consented to the licences.
        EmptyOutputError: nothing may be passed on by what was consented to.
        AssetError: a video cannot be read.
    """
    if not settings.has_media:
        return {}, []
    themes = media.consent(
        {theme: facts.licences_of(theme) for theme in facts.themes}, settings.media_licences
    )
    own = samples.filter(pl.col("theme").is_in(themes))
    pairs = media.list_pairs(own, store, settings.webdataset_kinds or ())
    files: dict[str, Content] = {}
    if settings.webdataset:
        files |= dict(media.webdataset_shards(pairs, facts.splits, store, settings.shard_bytes))
    if settings.preview_pairs:
        files |= media.preview(pairs, facts.splits, store, settings.preview_pairs)
    notes = []
    if barred := samples.height - own.height:
        notes.append(
            f"Videos of {barred:,} pairs are not published: their licences are not among "
            f"{', '.join(settings.media_licences or [])}."
        )
    if lacking := own.height - len(pairs):
        notes.append(f"Videos of {lacking:,} pairs are not published: the release at hand lacks them.")
    for kind in settings.webdataset_kinds or ():
        held = sum(kind in pair.others for pair in pairs)
        if settings.webdataset and kind not in PAIR_KINDS:
            notes.append(f"Of {len(pairs):,} pairs in the shards {held:,} have their {kind} there.")
    if isinstance(store, UnitedAssetStore):
        notes.append("Media that this project made stand there in the place of released ones.")
    return files, notes


def _tables(
    facts: VariantFacts, samples: pl.DataFrame, references: pl.DataFrame
) -> Iterator[tuple[str, bytes]]:
    for folder, table in ((contents.SAMPLES, samples), (contents.REFERENCES, references)):
        for split in facts.splits:
            yield f"{folder}/{split.name}.parquet", as_parquet(of_split(table, split))


def _annotations(facts: VariantFacts, variant: pl.DataFrame) -> Iterator[tuple[str, bytes]]:
    for split in facts.splits:
        rows = of_split(variant, split)
        csv, metadata = io.BytesIO(), io.BytesIO()
        write_training_csv(rows, csv)
        yield split.path, csv.getvalue()
        if rows["edit_type"].count():
            write_metadata(rows, metadata)
            yield (
                metadata_jsonl_path(split.theme, TRAIN if split.name == split.theme else VAL),
                metadata.getvalue(),
            )
