"""A mix of members: each read by its own description, compared with the others, and put into one order."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.errors import ConservationError, EmptyOutputError
from sparkle_curation.masking import without_secrets
from sparkle_curation.mixing import sharing
from sparkle_curation.mixing.member_samples import MemberSamples
from sparkle_curation.mixing.members import FoundMember
from sparkle_curation.mixing.ordering import check_quotas, take
from sparkle_curation.mixing.params import MixGroup
from sparkle_curation.spec.layout import TRAIN, VAL
from sparkle_curation.spec.tables.mixing import MIX_MEDIA_COLUMNS, MIX_SAMPLE_COLUMNS, MixOutcome
from sparkle_curation.variant.sample_groups import LikenessParams

logger = logging.getLogger(__name__)

_IN = (MixOutcome.TRAIN.value, MixOutcome.VAL.value)


@dataclass(frozen=True)
class Mix:
    """A mix before it is written.

    Attributes:
        samples: ``MIX_SAMPLE_COLUMNS``.
        media: ``MIX_MEDIA_COLUMNS``.
        members: for each what the card tells, by name.
        benchmarks: samples of the benchmark of each member that has one.
    """

    samples: pl.DataFrame
    media: pl.DataFrame
    members: Mapping[str, Mapping[str, Any]]
    benchmarks: Mapping[str, int]


def mix(
    members: Sequence[FoundMember],
    brought: Mapping[str, MemberSamples],
    params: MixGroup,
    likeness: LikenessParams,
) -> Mix:
    """The mix: what is alike to a benchmark or to another member's is left out, and the rest is put into one order.

    Raises:
        ParameterError: a quota is of a theme that its member does not have.
        EmptyOutputError: nothing is left for training.
        ConservationError: known samples of a member are not those in the mix and those that are not, each once.
    """
    check_quotas(params.members, {name: each.facts["themes"] for name, each in brought.items()})
    samples = _joined({name: each.samples for name, each in brought.items()})
    clips = _joined({name: each.clips for name, each in brought.items()})
    clips = clips.drop("member", "id")
    samples = sharing.mark_clips(samples, clips, likeness)
    benchmarks = sharing.read_benchmarks({each.name: each.data_root for each in members})
    samples = sharing.mark_leaks(samples, clips, benchmarks, likeness)
    if params.benchmark_leakage == "drop":
        samples = sharing.leave_out_leaks(samples)
    samples = sharing.leave_out_held_out(samples)
    keepers = [name for name, member in params.members.items() if 0 not in (member.weight, member.quota)]
    samples = sharing.leave_out_duplicates(samples, keepers, params.near_duplicates)
    _check_members_left(samples, params)
    samples = take(samples, params.members, params.budget)
    table = _as_table(samples)
    _check(table, brought, params)
    facts = {each.name: _facts(each, brought[each.name]) for each in members}
    return Mix(
        table,
        _media(members, brought, table),
        facts,
        {name: bench.height for name, bench in benchmarks.items()},
    )


def _joined(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    named = [frame.with_columns(pl.lit(name).alias("member")) for name, frame in frames.items()]
    return pl.concat(named, how="vertical_relaxed").with_columns(sharing.key())


def _check_members_left(samples: pl.DataFrame, params: MixGroup) -> None:
    """Nothing, when each member with a weight has a sample: else no mix has the shares that are asked for.

    Raises:
        EmptyOutputError: one has none, and no budget says how large the mix is.
    """
    is_able = pl.col("outcome").is_null() & (pl.col("split") == TRAIN)
    left = dict(samples.filter(is_able).group_by("member").len().rows())
    for name, member in params.members.items():
        if member.weight and not left.get(name) and params.budget is None:
            lost = (
                samples.filter(pl.col("member") == name).group_by("outcome", maintain_order=True).len().rows()
            )
            raise EmptyOutputError(
                "A member has a weight and no sample left for training, so no mix has its share",
                where=f"mix.members.{name}",
                got=", ".join(f"{count:,} {outcome}" for outcome, count in lost) or "no samples",
                allowed="a sample of each member with a weight, unless mix.budget says how large the mix is",
                todo="loosen its thresholds, or leave it out: "
                f"kedro run --pipelines mix --params mix.members.{name}.weight=0",
            )


def _as_table(samples: pl.DataFrame) -> pl.DataFrame:
    paths = [
        pl.concat_str("member", pl.col(column).str.strip_prefix("./"), separator="/").alias(column)
        for column in ("src_video", "tgt_video")
    ]
    columns = frame_schema(MIX_SAMPLE_COLUMNS)
    return samples.with_columns(paths).select(pl.col(name).cast(dtype) for name, dtype in columns.items())


def _check(table: pl.DataFrame, brought: Mapping[str, MemberSamples], params: MixGroup) -> None:
    known = {name: each.samples.height for name, each in brought.items()}
    found = dict(table.group_by("member").len().rows())
    if found != {name: count for name, count in known.items() if count} or table["outcome"].null_count():
        raise ConservationError(
            "The samples of the mix and those that are not in it are not all known ones",
            where="mix_samples",
            got=f"{found}, {table['outcome'].null_count()} without an outcome",
            allowed=f"{known}, each with one",
        )
    if table.select("member", "id").is_duplicated().any():
        raise ConservationError("A sample is in the mix twice", where="mix_samples")
    if not (table["outcome"] == MixOutcome.TRAIN.value).any():
        counts = table.group_by("member", "outcome", maintain_order=True).len().rows()
        raise EmptyOutputError(
            "No sample is left for training in the mix",
            where="mix.members",
            got=", ".join(f"{member}: {count:,} {outcome}" for member, outcome, count in counts)
            or "no samples",
            allowed="one at least; the mix of before stays as it is",
            todo="loosen the thresholds of a member, raise its quota, or see the reasons: "
            "kedro run --pipelines mix --params mix.near_duplicates=keep,mix.benchmark_leakage=keep"
            if params.near_duplicates != "keep" or params.benchmark_leakage != "keep"
            else "loosen the thresholds of a member, or raise its quota",
        )


def _facts(member: FoundMember, brought: MemberSamples) -> dict[str, Any]:
    return {
        "dataset": member.description.name,
        "title": member.description.title,
        "env": member.env,
        "data_root": str(member.data_root),
        "release_root": _shown_root(member),
        **brought.facts,
        "weight": member.params.weight,
        "quota": member.params.quota,
        "terms": list(dict.fromkeys(each.terms for each in member.description.licences if each.terms)),
    }


def _shown_root(member: FoundMember) -> str | None:
    """Where its release lies; None for an address that holds a secret, which no file of ours does."""
    root = member.release_root
    return root if root is None or without_secrets(root) == root else None


def _media(
    members: Sequence[FoundMember], brought: Mapping[str, MemberSamples], table: pl.DataFrame
) -> pl.DataFrame:
    """The files of what is in the mix."""
    inside = table.filter(pl.col("outcome").is_in(_IN))
    columns = frame_schema(MIX_MEDIA_COLUMNS)
    parts = []
    for each in members:
        own = inside.filter(pl.col("member") == each.name)
        paths = pl.concat([own["src_video"], own["tgt_video"]]).str.strip_prefix(f"{each.name}/")
        media = brought[each.name].media
        parts.append(
            media.filter(pl.col("path").is_in(paths.implode())).select(
                pl.lit(each.name).alias("member"),
                pl.lit(str(each.data_root)).alias("data_root"),
                pl.lit(_shown_root(each), pl.String).alias("release_root"),
                pl.lit(str(each.path)).alias("description"),
                *media.columns,
            )
        )
    return pl.concat(parts, how="vertical_relaxed").select(
        pl.col(name).cast(dtype) for name, dtype in columns.items()
    )


def count(table: pl.DataFrame) -> pl.DataFrame:
    """Samples by member, theme, outcome and reason; the sum is all known samples of all members."""
    order = {each.value: place for place, each in enumerate(MixOutcome)}
    is_of_pair = pl.col("outcome") == MixOutcome.UNLOADABLE.value
    return (
        table.group_by(
            "member", "theme", "outcome", pl.when(~is_of_pair | pl.col("reason").is_not_null()).then("reason")
        )
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .sort(
            "member",
            "theme",
            pl.col("outcome").replace_strict(order, return_dtype=pl.Int64),
            "reason",
            nulls_last=True,
        )
    )


def tell(found: Mix) -> None:
    """Log what each member gave and what could not be compared."""
    trained = found.samples.filter(pl.col("outcome") == TRAIN).height
    for name, facts in found.members.items():
        own = found.samples.filter(pl.col("member") == name)
        counts = dict(own.group_by("outcome").len().rows())
        losses = ", ".join(
            f"{counts[each.value]:,} {each.value}"
            for each in MixOutcome
            if each.value in counts and each.value != TRAIN
        )
        logger.info(
            "mix: %s: %s of %s samples train, %s of the mix%s",
            name,
            f"{counts.get(TRAIN, 0):,}",
            f"{own.height:,}",
            f"{counts.get(TRAIN, 0) / trained:.1%}",
            f"; {losses}" if losses else "",
        )
        if not facts["has_hashes"]:
            logger.warning(
                "mix: %s has no hashes of first frames, so its clips were compared by their files alone; make them: %s",
                name,
                f"kedro run --pipelines near_duplicates --env {facts['env']} --params data_root={facts['data_root']}"
                + (f",release_root={facts['release_root']}" if facts["release_root"] else ""),
            )
        if facts["unknown_paths"]:
            logger.warning(
                "mix: %s: %s paths name no file of its release", name, f"{facts['unknown_paths']:,}"
            )
    held = found.samples.filter(pl.col("outcome") == VAL).height
    logger.info(
        "mix: %s samples for training, %s for validation; no row is repeated", f"{trained:,}", f"{held:,}"
    )
