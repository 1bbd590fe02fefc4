"""The table of control videos: which samples can have one, those that lack theirs are made, and what the rest lacks."""

from __future__ import annotations

import json
import logging
from typing import NamedTuple

import polars as pl

from sparkle_curation.engine.caching.code_digest import work_digest
from sparkle_curation.engine.caching.costly_work import MeasureConfig, digests, measure, plan
from sparkle_curation.engine.dry_run import Plan
from sparkle_curation.engine.executors.processes import Executor
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.media.assets import AROUND, with_identity
from sparkle_curation.media.edges import canny, control_video
from sparkle_curation.media.edges.batch_edges import JOURNAL_SCHEMA, BatchEdges, EdgeJob, MakingEdges, path_of
from sparkle_curation.media.edges.control_video import is_made_of
from sparkle_curation.spec.codes.edge_faults import EdgeFault, ReleasedEdges
from sparkle_curation.spec.layout import KIND, asset_path
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS
from sparkle_curation.spec.tables.reruns.edges import EDGE_COLUMNS

logger = logging.getLogger(__name__)

_INPUTS = (KIND.source_video, KIND.background_video, KIND.mask)
_RELEASED = KIND.edges_video
_FACTS = ("identity", "frame_count", "width_px", "height_px", "error", "error_detail")


class Edging(NamedTuple):
    """What control videos are made of, and where they go.

    Attributes:
        store: clips and masks, made ones too where they are asked for.
        released: the release's own assets.
        root: folder below which videos are written.
        making: how edges are found.
        min_released_iou: a released control video whose mean IoU is at least this fits.
    """

    store: AssetStore
    released: AssetStore
    root: str
    making: MakingEdges
    min_released_iou: float

    @property
    def function(self) -> BatchEdges:
        """What makes them."""
        return BatchEdges(self.store, self.released, self.root, self.making)


def tabulate_edges(
    media: pl.DataFrame,
    released_media: pl.DataFrame,
    edging: Edging,
    measuring: MeasureConfig,
    journal: Journal,
) -> pl.DataFrame:
    """The table (``EDGE_COLUMNS``): one row per sample with any of the assets, by theme and id; videos are made on the way.

    A control video is made where the journal lacks it, and again where its file is gone or is another one.

    Args:
        media: columns of ``media``, of the assets that ``edging.store`` opens.
        released_media: the same of the release alone, whose control videos are compared.
        edging: what is made of what.
        measuring: how.
        journal: what was made before.
    """
    samples = _samples(media, released_media)
    wanted = _wanted(samples, edging)
    jobs = wanted.select(EdgeJob._fields)
    made = measure(jobs, EdgeJob, edging.function, measuring, journal)
    made = _make_again(jobs, made, edging, measuring.executor, journal)
    found = wanted.select("id", KEY).join(made, on=KEY, how="left").drop(KEY)
    inputs = pl.struct(*(_fact(kind, "identity").alias(kind) for kind in _INPUTS)).struct.json_encode()
    settings = {
        "code": _code(),
        "making": edging.making._asdict(),
        "min_released_iou": edging.min_released_iou,
    }
    table = samples.join(found, on="id", how="left", maintain_order="left").with_columns(
        pl.coalesce("fault", "error").alias("error"),
        pl.coalesce("fault_detail", "error_detail").alias("error_detail"),
        pl.col("released_iou").list.mean().alias("released_iou_mean"),
        pl.col("released_iou").list.min().alias("released_iou_min"),
        pl.lit(json.dumps(settings)).alias("settings"),
        inputs.alias("inputs"),
    )
    sizes = [
        None if error else path_of(edging.root, name).stat().st_size
        for name, error in table.select("id", "error").rows()
    ]
    table = table.with_columns(pl.Series("size_bytes", sizes, pl.Int64))
    return table.with_columns(_released_state(edging.min_released_iou)).select(
        field.name for field in EDGE_COLUMNS
    )


def plan_edges(
    media: pl.DataFrame,
    released_media: pl.DataFrame,
    edging: Edging,
    measuring: MeasureConfig,
    journal: Journal,
) -> Plan:
    """What a run would take, from one batch that is made now; the arguments are those of ``tabulate_edges``."""
    samples = _samples(media, released_media)
    wanted = _wanted(samples, edging)
    broken = samples.height - wanted.height
    return plan(wanted.select(EdgeJob._fields), EdgeJob, edging.function, measuring, journal, broken=broken)


def made_assets(edges: pl.DataFrame) -> pl.DataFrame:
    """The control videos that were made, as rows of ``made_assets``.

    Args:
        edges: columns of ``edges``.
    """
    made = edges.filter(pl.col("error").is_null())
    return made.select(
        "id",
        "theme",
        pl.lit(_RELEASED).alias("kind"),
        pl.lit(None, pl.String).alias("container"),
        pl.format(asset_path("{}", _RELEASED, "{}"), "theme", "id").alias("path"),
        pl.lit(0, pl.Int64).alias("offset"),
        pl.col("size_bytes").alias("size"),
    ).select(field.name for field in ASSET_COLUMNS)


def _samples(media: pl.DataFrame, released_media: pl.DataFrame) -> pl.DataFrame:
    """One row per sample with one of the assets: the facts of each as ``{kind}_{fact}``, ``fault`` and ``fault_detail``."""
    files = pl.concat(
        [
            with_identity(prefer_loose(media)).filter(pl.col("kind").is_in(list(_INPUTS))),
            with_identity(prefer_loose(released_media)).filter(kind=_RELEASED),
        ],
        how="diagonal_relaxed",
    ).with_columns(pl.col("theme").cast(pl.String))
    samples = files.select("id", "theme").unique("id").sort("theme", "id")
    for kind in (*_INPUTS, _RELEASED):
        facts = files.filter(kind=kind).select(
            "id",
            pl.lit(value=True).alias(f"{kind}_is_there"),
            *(pl.col(name).alias(f"{kind}_{name}") for name in _FACTS),
        )
        samples = samples.join(facts, on="id", how="left", maintain_order="left")
    return samples.with_columns(_fault().alias("fault")).with_columns(_detail().alias("fault_detail"))


def _wanted(samples: pl.DataFrame, edging: Edging) -> pl.DataFrame:
    """The samples that a control video can be made of, with ``key`` and ``is_compared``."""
    source = KIND.source_video
    alike = [_fact(_RELEASED, name) == _fact(source, name) for name in _FACTS[1:4]]
    is_compared = pl.all_horizontal(*alike).fill_null(value=False) & _fact(_RELEASED, "error").is_null()
    wanted = samples.filter(pl.col("fault").is_null()).with_columns(is_compared.alias("is_compared"))
    identities = [f"{kind}_identity" for kind in (*_INPUTS, _RELEASED)]
    prefix = f"edges {_code()} {tuple(edging.making)}"
    return wanted.with_columns(digests(wanted, prefix, [*identities, "is_compared"]))


def _code() -> str:
    return work_digest(canny.__name__, control_video.__name__, around=AROUND)


def _make_again(
    jobs: pl.DataFrame, made: pl.DataFrame, edging: Edging, executor: Executor, journal: Journal
) -> pl.DataFrame:
    """The rows of the journal, once each sample has its file: one that is gone, was replaced, or is a copy's is made."""
    known = set(made.filter(pl.col("error").is_null())[KEY])
    lacking = [
        job
        for job in map(EdgeJob._make, jobs.iter_rows())
        if job.key in known and not is_made_of(path_of(edging.root, job.id), job.key)
    ]
    if not lacking:
        return made
    logger.info("edges: %s control videos are known and not there; they are made again", f"{len(lacking):,}")
    with journal:
        for rows in executor.map_batches(edging.function, ([job] for job in lacking)):
            journal.append(rows)
            again = pl.DataFrame(pl.from_arrow(rows.select(JOURNAL_SCHEMA.names)))
            made = pl.concat([made.filter(~pl.col(KEY).is_in(again[KEY].implode())), again])
    return made


def _fault() -> pl.Expr:
    """Why nothing can be made of a sample, as far as headers tell; null where something can."""
    source, background, mask = _INPUTS
    absent = (EdgeFault.NO_SOURCE, EdgeFault.NO_BACKGROUND, EdgeFault.NO_MASK)
    sides = ("width_px", "height_px")
    mask_fits = [_fact(mask, name) == _fact(source, name) for name in ("frame_count", *sides)]
    is_even = pl.all_horizontal(_fact(source, side) % 2 == 0 for side in sides)
    return pl.coalesce(
        *(_unless(_fact(kind, "is_there"), fault) for kind, fault in zip(_INPUTS, absent, strict=True)),
        *(_fact(kind, "error") for kind in _INPUTS),
        _unless(is_even, EdgeFault.ODD_SIZE),
        _unless(pl.all_horizontal(mask_fits), EdgeFault.MASK_SHAPE),
        _unless(
            pl.all_horizontal(_fact(background, side) == _fact(source, side) for side in sides),
            EdgeFault.BACKGROUND_SIZE,
        ),
        _unless(_fact(background, "frame_count") >= _fact(source, "frame_count"), EdgeFault.BACKGROUND_SHORT),
    )


def _detail() -> pl.Expr:
    """The shapes, or what is broken, of a sample that nothing can be made of."""
    told = [
        pl.when(_fact(kind, "is_there")).then(
            pl.coalesce(
                pl.format(f"{kind}: {{}}", _fact(kind, "error_detail")),
                pl.format(
                    f"{kind} {{}}x{{}}x{{}}",
                    *(_fact(kind, name) for name in ("frame_count", "width_px", "height_px")),
                ),
            )
        )
        for kind in _INPUTS
    ]
    return pl.when(pl.col("fault").is_not_null()).then(pl.concat_str(told, separator="; ", ignore_nulls=True))


def _released_state(least_iou: float) -> pl.Expr:
    alike = [_fact(_RELEASED, name) == _fact(KIND.source_video, name) for name in _FACTS[1:4]]
    is_other = ~pl.all_horizontal(*alike).fill_null(value=True)
    mean = pl.col("released_iou_mean")
    return (
        pl.when(_fact(_RELEASED, "is_there").is_null())
        .then(pl.lit(ReleasedEdges.ABSENT.value))
        .when(is_other & _fact(_RELEASED, "error").is_null())
        .then(pl.lit(ReleasedEdges.OTHER_SHAPE.value))
        .when(mean.is_null())
        .then(pl.lit(ReleasedEdges.NOT_COMPARED.value))
        .when(mean >= least_iou)
        .then(pl.lit(ReleasedEdges.FITS.value))
        .otherwise(pl.lit(ReleasedEdges.DIFFERS.value))
        .alias("released_state")
    )


def _unless(is_well: pl.Expr, fault: EdgeFault) -> pl.Expr:
    return pl.when(~is_well.fill_null(value=False)).then(pl.lit(fault.value))


def _fact(kind: str, name: str) -> pl.Expr:
    return pl.col(f"{kind}_{name}")
