"""The nodes of ``assemble``: what the release consists of."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import EmptyOutputError
from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds
from sparkle_curation.grounding import tables as ground_tables
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.new_samples.release import origins
from sparkle_curation.new_samples.release.assembling import NewRelease, Packing, assemble
from sparkle_curation.new_samples.release.origins import select_generated
from sparkle_curation.new_samples.release.packing import first_parts
from sparkle_curation.new_samples.release.release_texts import Told
from sparkle_curation.pipelines.assemble.params import AssembleGroup
from sparkle_curation.scoring import tables as score_tables
from sparkle_curation.spec.layout import KIND, intermediate_jsonl_path
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.ingested import GROUNDING_R1, GROUNDING_R2
from sparkle_curation.stages.gates import samples_of, without_changed

logger = logging.getLogger(__name__)

_BYTES = 1_000_000
_GROUNDINGS = (GROUNDING_R1, GROUNDING_R2)


def gather_generated(*tables: AnyFrame) -> pl.DataFrame:
    """Who generated which asset: ``id``, and what is told of it, of the stages that were run."""
    return pl.concat(select_generated(table.lazy().collect()) for table in tables)


def gather_makers(tracks: AnyFrame, edges: AnyFrame, *tables: AnyFrame) -> pl.DataFrame:
    """Who made masks and control videos, grounded and scored: a row per sample and each of them (``origins.MAKERS``).

    Args:
        tracks: of the stage; without columns where it was not run, as those below.
        edges: likewise.
        *tables: as ``gather_records`` has them.
    """
    scored = dict(zip((stage.name for stage in STAGES), tables, strict=False))
    return origins.gather_makers({KIND.mask: tracks, KIND.edges_video: edges}, tables[len(STAGES) :], scored)


def gather_records(*tables: AnyFrame) -> dict[str, list[dict[str, object]]]:
    """The records of scores and groundings as the release has them, by path.

    Args:
        *tables: of the scored stages in their order, then of both rounds of grounding; without columns where none was.
    """
    scores, groundings = tables[: len(STAGES)], tables[len(STAGES) :]
    found: dict[str, list[dict[str, object]]] = {}
    for stage, table in zip(STAGES, scores, strict=True):
        if "editscore" in table.lazy().collect_schema().names():
            for theme, records in score_tables.published_records(table.lazy(), stage).items():
                found[intermediate_jsonl_path(theme, stage.file_name)] = list(records)
    for grounding, table in zip(_GROUNDINGS, groundings, strict=True):
        if "round1_labels" in table.lazy().collect_schema().names():
            for theme, records in ground_tables.published_records(table.lazy()).items():
                found[intermediate_jsonl_path(theme, grounding.file_name)] = list(records)
    return found


def choose_bounds(threshold: float | None, thresholds: Thresholds) -> dict[str, float]:
    """The threshold of each criterion, as the gates had it."""
    return resolve_thresholds(threshold, thresholds)


def assemble_release(
    tables: Told,
    assemble_media: AnyFrame,
    assemble_records: dict[str, list[dict[str, object]]],
    asset_store: AssetStore,
    released_assets: AnyFrame,
    params: AssembleGroup,
    bounds: dict[str, float],
) -> NewRelease:
    """The new release; its files are written when it is saved. What changed since `gate` passed it is left out.

    Raises:
        EmptyOutputError: no sample passed all stages.
    """
    containers: list[str] = []
    if "container" in released_assets.lazy().collect_schema().names():
        containers = (
            released_assets.lazy().select("container").drop_nulls().unique().collect()["container"].to_list()
        )
    packing = Packing(params.layout, params.shard_mb * _BYTES, first_parts(containers), params.media)
    media = assemble_media.lazy().collect()
    tables = _without_withdrawn(tables)
    progress, changed = without_changed(
        tables.progress, samples_of(tables.annotations, tables.instructions), media
    )
    if changed:
        logger.warning(
            "assemble: %s samples that passed have other assets or another prompt since, and are left out; look at them "
            "again: kedro run --pipelines score,gate",
            f"{changed:,}",
        )
    told = tables._replace(progress=progress)
    release = assemble(told, media, assemble_records, packing, bounds, asset_store)
    if not release.sample_count:
        raise EmptyOutputError(
            "No new sample passed all stages, so there is no release of them",
            where="new_progress",
            got=f"{tables.progress['id'].n_unique():,} samples, none that passed"
            + (f", as they are now; {changed:,} did before" if changed else ""),
            allowed="one at least",
            todo="see how far they came (new_progress_counts), and go on: kedro run --pipelines gate",
        )
    logger.info(
        "assemble: %s samples, %s files of %s GB",
        f"{release.sample_count:,}",
        f"{len(release.files):,}",
        f"{release.size_bytes / 1e9:,.2f}",
    )
    return release


def _without_withdrawn(tables: Told) -> Told:
    """The tables without samples that the draft has no more: their clips went, or were replaced, since it was ingested."""
    is_there = pl.col("id").is_in(tables.samples["id"].implode())
    withdrawn = tables.annotations.filter(~is_there)["id"].n_unique()
    if withdrawn:
        logger.warning(
            "assemble: %s samples are left out, since their clips are taken no more, or are others now; the tables of the "
            "draft are older than that, make them again: kedro run --env new --pipelines instruct && "
            "kedro run --env new --pipelines ingest,inspect && kedro run --env new --pipelines gate,assemble",
            f"{withdrawn:,}",
        )
    return tables._replace(
        annotations=tables.annotations.filter(is_there),
        progress=tables.progress.filter(is_there),
        generated=tables.generated.filter(is_there),
    )


def gather_tables(
    annotations: AnyFrame,
    new_samples: AnyFrame,
    new_instructions: AnyFrame,
    new_progress: AnyFrame,
    generated: pl.DataFrame,
    makers: pl.DataFrame,
) -> Told:
    """The tables that the texts of the release are made of."""
    return Told(
        annotations.lazy().collect(),
        new_samples.lazy().collect(),
        new_instructions.lazy().collect(),
        new_progress.lazy().collect(),
        generated,
        makers,
    )
