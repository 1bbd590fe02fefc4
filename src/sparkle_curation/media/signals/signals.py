"""The table of signals: what is seen of each pair with a mask, what each prompt tells, and why the rest is lacking."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.caching.code_digest import work_digest
from sparkle_curation.engine.caching.costly_work import MeasureConfig, digests, measure
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.media.assets import AROUND, with_identity
from sparkle_curation.media.signals import batch_signals
from sparkle_curation.media.signals.batch_signals import BURST, BatchSignals, Measuring, SignalJob
from sparkle_curation.spec.codes.camera_reasons import CameraOutcome
from sparkle_curation.spec.codes.signal_faults import SignalFault
from sparkle_curation.spec.description.slices import measuring_slice
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables import ingested, signals
from sparkle_curation.spec.tables.reruns.camera import RELEASE
from sparkle_curation.spec.tables.signals import SIGNAL_COLUMNS
from sparkle_curation.spec.themes import THEMES

_KINDS = (KIND.source_video, KIND.edited_video, KIND.mask)
_FACTS = ("identity", "frame_count", "width_px", "height_px", "error", "error_detail")


def tabulate_signals(
    annotations: AnyFrame,
    media: pl.DataFrame,
    what: Measuring,
    store: AssetStore,
    measuring: MeasureConfig,
    journal: Journal,
    camera: AnyFrame | None = None,
) -> pl.DataFrame:
    """The table (``SIGNAL_COLUMNS``): one row per sample that has a prompt or an asset of a pair, by theme and id.

    Args:
        annotations: with ``id``, ``theme``, ``prompt``.
        media: columns of ``media``.
        what: what is looked at.
        store: the assets that ``media`` describes.
        measuring: how they are read.
        journal: what was measured before.
        camera: columns of ``camera``; None, or without columns, where it was not run.
    """
    prompts = annotations.lazy().select("id", pl.col("theme").cast(pl.String), "prompt").collect()
    pairs = _pairs(media).with_columns(_fault().alias("fault"))
    wanted = pairs.filter(pl.col("fault").is_null()).with_columns(
        pl.min_horizontal(_fact(KIND.source_video, "frame_count"), _fact(KIND.edited_video, "frame_count"))
        .cast(pl.Int64)
        .alias("frame_count")
    )
    # Opening an asset, and the form of the tables, decide no signal.
    around = [*AROUND, *(each.__name__ for each in (signals, ingested))]
    prefix = f"signals {work_digest(batch_signals.__name__, around=around)} {measuring_slice()} {tuple(what)}"
    identities = [f"{kind}_identity" for kind in _KINDS]
    wanted = wanted.with_columns(digests(wanted, prefix, [*identities, "frame_count"]))
    jobs = wanted.select(SignalJob._fields)
    measured = measure(jobs, SignalJob, BatchSignals(store, what), measuring, journal)
    found = wanted.select("id", KEY).join(measured, on=KEY, how="left").drop(KEY)
    samples = pl.concat([prompts.select("id", "theme"), pairs.select("id", "theme")]).unique("id")
    table = (
        samples.join(_of_prompts(prompts), on="id", how="left")
        .join(_of_cameras(camera), on="id", how="left")
        .join(pairs.select("id", "fault", _detail().alias("fault_detail")), on="id", how="left")
        .join(found, on="id", how="left")
        .with_columns(
            # A sample without any asset of a pair has no row among the pairs.
            pl.coalesce(
                "error",
                "fault",
                pl.when(~pl.col("id").is_in(wanted["id"].implode())).then(pl.lit(SignalFault.NO_VIDEO.value)),
            ).alias("error"),
            pl.coalesce("error_detail", "fault_detail").alias("error_detail"),
        )
        .sort(pl.col("theme").cast(pl.Enum(list(THEMES))), "id")
    )
    return table.select(field.name for field in SIGNAL_COLUMNS)


def _pairs(media: pl.DataFrame) -> pl.DataFrame:
    """``id``, ``theme`` and the facts of the three assets, each under ``{kind}_{fact}``: one row per sample with one."""
    files = with_identity(prefer_loose(media)).lazy().filter(pl.col("kind").is_in(list(_KINDS)))
    pairs = files.select("id", pl.col("theme").cast(pl.String)).unique("id")
    for kind in _KINDS:
        facts = files.filter(pl.col("kind") == kind).select(
            "id",
            pl.lit(value=True).alias(f"{kind}_is_there"),
            *(pl.col(name).alias(f"{kind}_{name}") for name in _FACTS),
        )
        pairs = pairs.join(facts, on="id", how="left")
    return pairs.sort("id").collect()


def _fault() -> pl.Expr:
    """Why a sample cannot be measured, as far as headers tell; null for one that can."""
    source, edited, mask = _KINDS
    width, height = (
        tuple(_fact(kind, side).cast(pl.Int64) for kind in (source, edited))
        for side in ("width_px", "height_px")
    )
    fits = [_fact(mask, name) == _fact(source, name) for name in ("frame_count", "width_px", "height_px")]
    frames = pl.min_horizontal(_fact(source, "frame_count"), _fact(edited, "frame_count"))
    return pl.coalesce(
        _unless(_is_there(source) & _is_there(edited), SignalFault.NO_VIDEO),
        _fact(source, "error"),
        _fact(edited, "error"),
        _unless(_is_there(mask), SignalFault.NO_MASK),
        _fact(mask, "error"),
        _unless(pl.all_horizontal(fits), SignalFault.MASK_SHAPE),
        _unless(width[0] * height[1] == width[1] * height[0], SignalFault.PAIR_SHAPE),
        _unless(frames >= BURST, SignalFault.TOO_FEW_FRAMES),
    )


def _detail() -> pl.Expr:
    """What was found of a sample that cannot be measured: the broken assets, else the shapes."""
    broken = pl.concat_str(
        [
            pl.when(_fact(kind, "error").is_not_null()).then(
                pl.concat_str(pl.lit(kind), _fact(kind, "error_detail").fill_null(""), separator=": ")
            )
            for kind in _KINDS
        ],
        separator="; ",
        ignore_nulls=True,
    ).replace("", None)
    shapes = pl.concat_str(
        [
            pl.concat_str(
                pl.lit(f"{kind} "),
                *(
                    part
                    for name in ("frame_count", "width_px", "height_px")
                    for part in (_fact(kind, name), pl.lit("x"))
                ),
            ).str.strip_suffix("x")
            for kind in _KINDS
        ],
        separator="; ",
        ignore_nulls=True,
    )
    misshapen = [SignalFault.MASK_SHAPE.value, SignalFault.PAIR_SHAPE.value, SignalFault.TOO_FEW_FRAMES.value]
    return pl.when(pl.col("fault").is_in(misshapen)).then(shapes).otherwise(broken)


def _of_prompts(prompts: pl.DataFrame) -> pl.DataFrame:
    """``id``, ``prompt_chars``, ``same_prompt_count``, for each sample with a prompt."""
    counts = pl.len().over("prompt").cast(pl.Int64)
    return prompts.drop_nulls("prompt").select(
        "id",
        pl.col("prompt").str.len_chars().cast(pl.Int64).alias("prompt_chars"),
        counts.alias("same_prompt_count"),
    )


def _of_cameras(camera: AnyFrame | None) -> pl.DataFrame:
    """``id`` and the signals of the camera, for each sample of the release that was looked at."""
    table = pl.LazyFrame() if camera is None else camera.lazy()
    if "id" not in table.collect_schema().names():
        return pl.DataFrame(
            schema={"id": pl.String, **{each.name: pl.Float64 for each in signals.CAMERA_SIGNALS}}
        )
    told = {CameraOutcome.FIXED.value: 1.0, CameraOutcome.MOVING.value: 0.0}
    return (
        table.filter(clip_source=RELEASE)
        .select(
            "id",
            pl.col("outcome")
            .replace_strict(told, default=None, return_dtype=pl.Float64)
            .alias("camera_is_fixed"),
            pl.min_horizontal("drift_px", "similarity_drift_px").alias("camera_drift_px"),
            pl.col("shake_px").alias("camera_shake_px"),
        )
        .collect()
    )


def _unless(is_well: pl.Expr, fault: SignalFault) -> pl.Expr:
    return pl.when(~is_well.fill_null(value=False)).then(pl.lit(fault.value))


def _is_there(kind: str) -> pl.Expr:
    return _fact(kind, "is_there")


def _fact(kind: str, name: str) -> pl.Expr:
    return pl.col(f"{kind}_{name}")
