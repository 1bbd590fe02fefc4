"""What the pipelines that generate have in common, step by step: the maker, the list, the files, the tables, the counts."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TypeVar

import polars as pl

from sparkle_curation.engine.dry_run import end_dry_run
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.fault_counts import count_faults
from sparkle_curation.media.made_media import probe_made
from sparkle_curation.models.weights import is_pinned, newest_commit
from sparkle_curation.spec.codes.generation_faults import GenerationFault
from sparkle_curation.spec.tables.reruns.rescores import NOT_ASKED
from sparkle_curation.stages.generation.importing import ImportedFiles
from sparkle_curation.stages.generation.jobs import Asked, list_outputs
from sparkle_curation.stages.generation.making import GeneratedFiles, Maker
from sparkle_curation.stages.generation.params import GenerationGroup
from sparkle_curation.stages.generation.run import GenerationRun, made_assets
from sparkle_curation.stages.lineage import gather_lineage, made_before, way_to_remake

logger = logging.getLogger(__name__)

GroupT = TypeVar("GroupT", bound=GenerationGroup)
"""The group of a pipeline. Not ``GenerationGroup`` itself: Kedro makes parameters what a node's signature says they are, and
the drawing node of each pipeline says which group it is (``pipelines.generation_wiring``).
"""


def choose_maker(params: GroupT, asset_store: AssetStore, made_media_root: str) -> Maker:
    """Who makes the files, described and not loaded; where no commit is given, at the newest one, which is printed.

    Raises:
        DescriptionError: the dataset has no such assets.
        ModelError: the hub does not say which the newest commit is, or there is no such folder.
    """
    stage, model, root = params.stage, params.model, Path(made_media_root)
    stage.check()
    maker: Maker
    if model.backend == "import":
        maker = ImportedFiles(stage, Path(model.name).expanduser(), model.licence, asset_store, root)
    else:
        revision = model.revision
        if not is_pinned(model.name, revision):
            revision = newest_commit(model.name)
            logger.warning(
                "%s: %s stands at %s now; to stay with it, write into conf/base/%s/parameters.yml, below %s.model: "
                "revision: %s",
                stage.name,
                model.name,
                revision,
                stage.name,
                stage.name,
                revision,
            )
        maker = GeneratedFiles(stage, params.generator(revision), asset_store, root)
    facts = maker.description
    at = f" at {facts.revision}" if facts.revision else ""
    logger.info("%s: %s, %s%s", stage.name, facts.name, facts.repository, at)
    if facts.licence is None:
        logger.warning(
            "%s: the licence of %s is unknown; it stands in no row until --params %s.model.licence=... says it",
            stage.name,
            facts.repository,
            stage.name,
        )
    return maker


def list_wanted(
    samples: pl.LazyFrame,
    instructions: pl.LazyFrame,
    progress: pl.LazyFrame,
    params: GroupT,
    media: pl.LazyFrame,
    *made_of: pl.LazyFrame,
) -> pl.DataFrame:
    """What is to be generated, a row per sample with an instruction, and what cannot be, with why.

    Args:
        samples: columns of ``new_samples``.
        instructions: columns of ``new_instructions``.
        progress: columns of ``new_progress``; without columns where none was told yet.
        params: of the stage.
        media: columns of ``media``, with what other stages made in the place of what was released.
        *made_of: tables of what is made before, in the order of ``lineage.made_before``; without columns where a stage was
            not run.
    """
    asked = Asked(params.prompt, params.seed, params.limit)
    frames = (samples.collect(), instructions.collect(), progress.collect(), media.collect())
    kinds = (each.kind for each in made_before(params.stage.name))
    lineage = gather_lineage(zip(kinds, (table.collect() for table in made_of), strict=True))
    return list_outputs(params.stage, *frames, lineage, asked)


def generate_assets(
    wanted: pl.DataFrame, maker: Maker, journal: Journal, params: GroupT, dry_run: bool
) -> pl.DataFrame:
    """The table of what was generated: one row per row of ``wanted``; of a dry run only what those missing would take.

    Raises:
        ModelError: the model cannot be had, or nothing fits into memory; what was made is kept.
    """
    run = GenerationRun(params.stage, maker, journal, params.batch_size)
    if dry_run:
        end_dry_run(run.plan(wanted), "samples")
    return run.generate(wanted)


def list_generated(
    generated: pl.LazyFrame, made_media_root: str, params: GroupT
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The files as rows of ``made_assets``, and their facts as rows of ``media``."""
    assets = made_assets(generated.collect(), params.stage)
    return assets, probe_made(assets, made_media_root)


def count_generated(generated: pl.LazyFrame, params: GroupT) -> pl.DataFrame:
    """The report: one row per theme and reason that nothing was made, what was made first; reasons are logged."""
    table = generated.collect()
    counts = count_faults(table)
    told = counts.filter(pl.col("error").is_not_null() & (pl.col("error") != NOT_ASKED))
    lacking = told.group_by("error", maintain_order=True).agg(pl.col("count").sum())
    for error, count in lacking.sort("count", descending=True).iter_rows():
        have = "sample has" if count == 1 else "samples have"
        logger.warning(
            "%s: %s %s no output: %s%s", params.stage.name, f"{count:,}", have, error, _way(error, table)
        )
    return counts


def _way(error: str, generated: pl.DataFrame) -> str:
    """What to run for samples that wait for something else than their turn; of a fault what was found of one of them."""
    if error == GenerationFault.NOT_JUDGED:
        return "; look at what is new: kedro run --pipelines score,gate"
    own = generated.filter(error=error).drop_nulls("error_detail")
    if error != GenerationFault.OUTDATED_INPUT:
        return "".join(
            f", {name}: {detail}" for name, detail in own.select("id", "error_detail").head(1).rows()
        )
    details = own["error_detail"].str.split(": ").list.first().unique().to_list()
    return f"; make it again: {way_to_remake(details)}"
