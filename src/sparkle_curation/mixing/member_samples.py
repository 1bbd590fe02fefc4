"""The samples of one member by its own description: which could be in a mix, and why the others could not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from sparkle_curation.errors import ConservationError, ParameterError, StaleTableError, did_you_mean
from sparkle_curation.filtering.benchmark_leaks import mark_leaks
from sparkle_curation.filtering.choices import settle_imputed_scores
from sparkle_curation.filtering.overrides.decisions import Decision
from sparkle_curation.filtering.own_licences import find_own_licences, licence_texts
from sparkle_curation.filtering.selection.ranking import rank_score
from sparkle_curation.filtering.signal_bounds import SignalBoundsModel
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.ingest.assets.shards import list_shards
from sparkle_curation.loader.preflight import check_pairs, drop_unloadable
from sparkle_curation.loader.preflight_params import PreflightParams
from sparkle_curation.mixing.member_tables import VARIANT, MemberTables
from sparkle_curation.spec.layout import KIND, TRAIN
from sparkle_curation.spec.stages import CRITERIA, STAGES
from sparkle_curation.spec.tables.mixing import MixOutcome
from sparkle_curation.spec.tables.verdicts import SOURCE, imputed_column, score_column, source_column
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.training.wanted import find_wanted
from sparkle_curation.variant.curation import steps
from sparkle_curation.variant.export import NotExported, find_prompts
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.other_root import read_samples
from sparkle_curation.variant.record import identify_variant

_MAKE = "kedro run --pipelines curate"
_LEFT: Any = {"on": "id", "how": "left", "maintain_order": "left"}


@dataclass(frozen=True)
class MemberSamples:
    """What a member brings.

    Attributes:
        samples: one row per known sample: ``id``, ``theme``, ``outcome`` (null for one that could be in the mix),
            ``reason``, ``detail``, ``prompt``, ``src_video``, ``tgt_video``, ``split``, ``licence``, ``score``,
            ``is_hand_kept``, ``preflight``, ``preflight_reasons``, ``benchmark_leak``.
        clips: of those that could be: ``id``, ``theme``, ``index_hash`` of the source video, ``frame_hash``, ``fine_hash``,
            ``detail``; null where nothing is known.
        media: the files that those need, with the columns of ``assets``.
        facts: what the card tells of the member.
    """

    samples: pl.DataFrame
    clips: pl.DataFrame
    media: pl.DataFrame
    facts: dict[str, Any]


def find_samples(
    tables: MemberTables, record: VariantFacts, root: Path, thresholds: Mapping[str, float], name: str
) -> MemberSamples:
    """The samples of a member at its own thresholds, or at others.

    All else is as its own curation had it: what was decided by hand, licences, themes, signals, the preflight, the split. At
    its own thresholds a member gives what its variant has; at others its selection does not count.

    Args:
        tables: of the member.
        record: of its variant.
        root: its data root.
        thresholds: those that are to be others, by criterion.
        name: of the member, for errors.

    Raises:
        ParameterError: a threshold is of no criterion of its, or beyond its scale.
        StaleTableError: it was ingested again since it was curated, or its variant is not what its tables give.
        ConservationError: a sample was lost.
    """
    _check_thresholds(thresholds, name)
    _check_data(tables.data, record, root)
    used = {**record.thresholds, **thresholds}
    # As bench_ingest knows it now, which may be more than when the member was curated.
    known = mark_leaks(tables.verdicts, tables.bench_leakage)
    verdicts = _with_thresholds(known, record, used) if thresholds else known
    kept = verdicts.filter("is_kept")
    prompts = find_prompts(kept, tables.annotations, tables.with_prompts)
    candidates, lacking = steps.compose_variant(
        kept, tables.annotations, prompts, tables.assets, _scope(record.settings), tables.signals
    )
    params = PreflightParams.model_validate(_group(record.settings, "preflight"))
    shards = list_shards(tables.source_files, tables.assets)
    checked = check_pairs(candidates, tables.media, params, params.unloadable_pairs, shards)
    loadable, dropped, _ = drop_unloadable(candidates, checked)
    variant = _read_variant(tables.verdicts, record, root)
    leaking = kept.filter(pl.col("benchmark_leak").is_not_null())["id"]
    unselected = loadable.clear()
    if not thresholds:
        unselected = _not_in_variant(loadable, variant, leaking, record, root)
    losses = pl.concat(
        [
            _rejected(verdicts),
            lacking.select("id", pl.lit(MixOutcome.NOT_EXPORTED.value).alias("outcome"), "reason", "detail"),
            dropped.select(
                "id",
                pl.lit(MixOutcome.UNLOADABLE.value).alias("outcome"),
                pl.col("reasons").alias("reason"),
                "detail",
            ),
            unselected.select(
                "id",
                pl.lit(MixOutcome.NOT_EXPORTED.value).alias("outcome"),
                pl.lit(NotExported.NOT_SELECTED.value).alias("reason"),
                pl.lit("the selection of its own curation left it out").alias("detail"),
            ),
        ]
    )
    licences = licence_texts(verdicts, find_own_licences(tables.annotations))
    samples = _as_table(verdicts, licences, losses, loadable, checked, variant)
    if samples.height != verdicts.height or losses["id"].n_unique() != losses.height:
        raise ConservationError(
            "The samples of a member do not add up",
            where=f"mix.members.{name}",
            got=f"{samples.height} rows, {losses.height} losses",
            allowed=f"{verdicts.height} known samples, each once",
        )
    able = samples.filter(pl.col("outcome").is_null())
    media, unknown = find_wanted([*able["src_video"], *able["tgt_video"]], tables.assets)
    facts = {
        "version": record.version,
        "thresholds": used,
        "changed_thresholds": sorted(thresholds),
        "preflight": params.model_dump(),
        "imputed_scores": record.imputed_scores,
        "themes": list(THEMES),
        "unknown_paths": len(unknown),
        "has_hashes": "frame_hash" in tables.frame_hashes.lazy().collect_schema().names(),
    }
    return MemberSamples(samples, _clips(able, tables), media, facts)


def _read_variant(verdicts: pl.DataFrame, record: VariantFacts, root: Path) -> pl.DataFrame:
    """``id`` and ``split`` of the pairs of its variant.

    Raises:
        StaleTableError: its CSVs are not those that its record was written with.
    """
    samples = read_samples(root / VARIANT, _MAKE).join(verdicts.select("id", "theme"), **_LEFT)
    version = identify_variant(samples)
    if version != record.version:
        raise _stale(
            "The CSVs of the member were changed since it was curated",
            root,
            got=f"version {version}",
            allowed=f"{record.version}, as its record says",
        )
    return samples.select("id", "split")


def _check_data(data: str, record: VariantFacts, root: Path) -> None:
    if data != record.data.digest:
        raise _stale(
            "The member was ingested again since it was curated, and its verdicts are of the release of before",
            root,
            got=f"a release with the digest {data}",
            allowed=f"{record.data.digest}, as its record says",
        )


def _stale(what: str, root: Path, *, got: str, allowed: str) -> StaleTableError:
    todo = f"{_MAKE} again, with the parameters that it was made with"
    return StaleTableError(what, where=root / VARIANT, got=got, allowed=allowed, todo=todo)


def _check_thresholds(thresholds: Mapping[str, float], name: str) -> None:
    known = {each.name: each.scale for each in CRITERIA}
    for criterion, value in thresholds.items():
        where = f"mix.members.{name}.thresholds.{criterion}"
        if criterion not in known:
            raise ParameterError(
                "The member has no criterion of that name",
                where=where,
                got=criterion,
                allowed=", ".join(known) or "none: its description has no scores",
                todo=did_you_mean(criterion, known) or "name one of these, or leave it out",
            )
        low, high = known[criterion]
        if not low <= value <= high:
            raise ParameterError(
                "The threshold is beyond the scale of the score",
                where=where,
                got=f"{value:g}",
                allowed=f"a number from {low:g} to {high:g}",
                todo=f"name one of these: --params {where}={high if value > high else low:g}",
            )


def _with_thresholds(
    verdicts: pl.DataFrame, record: VariantFacts, thresholds: Mapping[str, float]
) -> pl.DataFrame:
    """The verdicts at other thresholds, by the scores that stand in them; decisions by hand go over them as before."""
    scores = {
        stage.name: verdicts.select(
            "id",
            *(pl.col(score_column(each)).alias(each.score_column) for each in stage.criteria),
            pl.col(source_column(stage.criteria[0])).alias(SOURCE),
        )
        for stage in STAGES
    }
    # A policy that followed from the thresholds follows from these.
    policy = settle_imputed_scores("auto" if record.imputed_why else record.imputed_scores, thresholds)
    imputed = [imputed_column(each) for each in CRITERIA]
    applied = apply_thresholds(
        verdicts.select("id", "theme", "is_released", *imputed),
        scores,
        thresholds,
        record.missing_scores,
        policy.used,
    ).with_columns(cs.enum().cast(pl.String))  # as those are that were read
    by_hand = verdicts.select("id", "override", "override_reason", "benchmark_leak")
    is_kept = (
        pl.when(pl.col("override").is_null())
        .then("is_kept")
        .otherwise(pl.col("override") == Decision.KEEP.value)
    )
    return (
        applied.drop("override", "override_reason", "benchmark_leak")
        .join(by_hand, **_LEFT)
        .with_columns(is_kept.alias("is_kept"))
        .select(verdicts.columns)
    )


def _group(settings: Mapping[str, Any], group: str) -> dict[str, Any]:
    """The settings of a group, by their names in it."""
    return {
        name.removeprefix(f"{group}."): value
        for name, value in settings.items()
        if name.startswith(f"{group}.")
    }


def _scope(settings: Mapping[str, Any]) -> Any:
    """What its own curation exported; what leaks of a benchmark the mix decides itself."""
    bounds: dict[str, dict[str, float]] = {}
    for dotted, value in _group(settings, "signal_bounds").items():
        signal, _, side = dotted.rpartition(".")
        bounds.setdefault(signal, {})[side] = value
    return steps.choose_scope(
        settings.get("licence_allow"),
        settings.get("themes"),
        SignalBoundsModel.model_validate(bounds),
        settings.get("missing_signals", "keep"),
        "keep",
    )


def _not_in_variant(
    loadable: pl.DataFrame, variant: pl.DataFrame, leaking: pl.Series, record: VariantFacts, root: Path
) -> pl.DataFrame:
    """What could be exported and the variant lacks since its selection left it out.

    Raises:
        StaleTableError: it has others than its tables give, or lacks some without a selection.
    """
    left = loadable.join(variant, on="id", how="anti", maintain_order="left")
    if record.settings.get("benchmark_leakage", "drop") == "drop":
        left = left.filter(~pl.col("id").is_in(leaking.implode()))
    stray = variant.join(loadable.select("id"), on="id", how="anti")
    is_selected = any(key.startswith("selection.") for key in record.settings)
    if stray.height or (left.height and not is_selected):
        raise _stale(
            "The variant of the member is not what its tables give",
            root,
            got=f"{stray.height:,} pairs that they do not give, {left.height:,} lacking",
            allowed="a variant that was made of these tables",
        )
    return left


def _rejected(verdicts: pl.DataFrame) -> pl.DataFrame:
    by_hand = pl.col("override") == Decision.DROP.value
    said = pl.format("{}: {}", "rejected_by", "reject_reason")
    return verdicts.filter(~pl.col("is_kept")).select(
        "id",
        pl.lit(MixOutcome.REJECTED.value).alias("outcome"),
        pl.when(by_hand & pl.col("rejected_by").is_null())
        .then(pl.lit("override"))
        .otherwise("rejected_by")
        .alias("reason"),
        pl.when(by_hand & pl.col("rejected_by").is_null())
        .then("override_reason")
        .otherwise(said)
        .alias("detail"),
    )


def _as_table(
    verdicts: pl.DataFrame,
    licences: pl.Series,
    losses: pl.DataFrame,
    loadable: pl.DataFrame,
    checked: pl.DataFrame,
    variant: pl.DataFrame,
) -> pl.DataFrame:
    return (
        verdicts.select(
            "id",
            "theme",
            licences,
            rank_score(None).alias("score"),
            (pl.col("override") == Decision.KEEP.value).fill_null(value=False).alias("is_hand_kept"),
            "benchmark_leak",
        )
        .join(losses, **_LEFT)
        .join(loadable.select("id", "prompt", "src_video", "tgt_video"), **_LEFT)
        .join(
            checked.select(
                "id",
                pl.col("outcome").alias("preflight"),
                pl.when(pl.col("reasons").list.len() > 0)
                .then(pl.col("reasons").list.join(" "))
                .alias("preflight_reasons"),
            ),
            **_LEFT,
        )
        .join(variant, **_LEFT)
        .with_columns(pl.col("split").fill_null(TRAIN))
    )


def _clips(able: pl.DataFrame, tables: MemberTables) -> pl.DataFrame:
    """What tells the source clips of samples apart."""
    hashes: dict[str, Any] = dict.fromkeys(("id", "frame_hash", "fine_hash"), pl.String)
    seen = pl.LazyFrame(schema={**hashes, "detail": pl.Float64})
    if "frame_hash" in tables.frame_hashes.lazy().collect_schema().names():
        seen = tables.frame_hashes.lazy().select(*hashes, "detail")
    # A loose file and its copy in a tar are two rows of one sample.
    files = (
        tables.media.lazy()
        .filter(pl.col("kind") == KIND.source_video, pl.col("error").is_null())
        .select("id", "index_hash")
        .unique("id", keep="first", maintain_order=True)
    )
    found = able.lazy().select("id", "theme").join(files, **_LEFT).join(seen.unique("id"), **_LEFT)
    return found.collect()
