"""What a new release consists of: which samples, which files, which texts."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from sparkle_curation.filtering.own_licences import extra_fields_of
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.new_samples.release import release_texts
from sparkle_curation.new_samples.release.origins import PROVENANCE_NAME
from sparkle_curation.new_samples.release.packing import Layout, PackedFile, list_members, pack
from sparkle_curation.new_samples.release.release_texts import CARD_NAME, Told, passed_ids

logger = logging.getLogger(__name__)

Scope = Literal["passed", "all"]


@dataclass(frozen=True)
class NewRelease:
    """A release that is to be written.

    Attributes:
        files: the media.
        texts: path -> content.
        store: opens the media.
        sample_count: samples that train.
    """

    files: list[PackedFile]
    texts: Mapping[str, bytes]
    store: AssetStore = field(repr=False)
    sample_count: int

    @property
    def size_bytes(self) -> int:
        """Of the media."""
        return sum(each.size for each in self.files)


@dataclass(frozen=True)
class Packing:
    """How media are packed.

    Attributes:
        layout: tars or loose.
        shard_bytes: of a tar.
        first_parts: theme and kind -> number of the first tar.
        media: of samples that ``passed`` alone, or of ``all``.
    """

    layout: Layout
    shard_bytes: int
    first_parts: Mapping[tuple[str, str], int]
    media: Scope


def assemble(
    told: Told,
    media: pl.DataFrame,
    records: Mapping[str, Iterable[Mapping[str, Any]]],
    packing: Packing,
    thresholds: Mapping[str, float],
    store: AssetStore,
) -> NewRelease:
    """The new release: pairs that passed, media of these or of all samples, records of what was scored or grounded.

    Args:
        told: the tables of the samples.
        media: of the draft and of what was made.
        records: path -> records of scores and groundings, as the release has them.
        packing: how media are packed.
        thresholds: that samples passed, for the card.
        store: opens the media.
    """
    ids = passed_ids(told.progress)
    wanted = ids if packing.media == "passed" else told.annotations["id"].unique()
    files = pack(list_members(media, wanted), packing.layout, packing.shard_bytes, packing.first_parts)
    annotations = _with_licences(told)
    bare = annotations.filter(pl.col("id").is_in(ids.implode()), pl.col("edit_type").is_null()).height
    if bare:
        logger.warning(
            "assemble: %s samples have no metadata, which would say their licences: in a variant they stand under that of "
            "their theme; write metadata beside the CSV of the draft, as instruct does",
            f"{bare:,}",
        )
    texts = release_texts.training_texts(annotations, ids)
    texts |= dict(release_texts.record_texts(_of_samples(records, told.samples)))
    texts[PROVENANCE_NAME] = release_texts.provenance_text(told, wanted)
    size = sum(each.size for each in files)
    texts[CARD_NAME] = release_texts.write_card(told, ids, size, thresholds)
    return NewRelease(files, texts, store, len(ids))


def _of_samples(
    records: Mapping[str, Iterable[Mapping[str, Any]]], samples: pl.DataFrame
) -> dict[str, list[Mapping[str, Any]]]:
    """The records of samples that the draft has: what was scored of one whose clip went says its prompt."""
    known = frozenset(samples["id"])
    return {path: [record for record in own if record["id"] in known] for path, own in records.items()}


def _with_licences(told: Told) -> pl.DataFrame:
    """The annotations, whose further members say under which licences a sample stands: of its clip, and of what made files.

    The variant's card, ``licence_allow`` and whoever passes the videos on go by these.
    """
    held: dict[str, list[str | None]] = dict(told.samples.select("id", pl.concat_list("licence")).iter_rows())
    for sample, licence in told.generated.sort("id", "kind").select("id", "licence").iter_rows():
        if sample in held:
            held[sample].append(licence)
    before = dict(told.annotations.select("id", "extra_fields").drop_nulls().iter_rows())
    members = {
        sample: json.dumps({**json.loads(before.get(sample, "{}")), **extra_fields_of(licences)})
        for sample, licences in held.items()
    }
    further = pl.DataFrame(
        list(members.items()), schema={"id": pl.String, "_members": pl.String}, orient="row"
    )
    joined = told.annotations.join(further, on="id", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("_members", "extra_fields").alias("extra_fields")).drop("_members")
