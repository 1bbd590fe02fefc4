"""The split of a variant into training and validation, which never parts a group of samples.

A group is decided by a digest of its name and the seed, and by nothing else: samples that are added or dropped
later move no other group.
"""

from __future__ import annotations

from typing import Annotated, Literal

import polars as pl
import xxhash
from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ConservationError, MissingTableError, StaleTableError
from sparkle_curation.spec.layout import KIND, TRAIN, VAL

GroupedBy = Literal["picture", "file"]

_SHARE = "a number from 0 to below 1"
_SEED = "an integer"
_GROUPED_BY = "picture or file"
_DIGESTS = 1 << 64


class SplitParams(BaseModel):
    """How a variant is split.

    Attributes:
        val_share: share of the groups that go to validation, 0 for no split.
        grouped_by: what makes a group: ``picture``, source clips that look alike or are copies, as ``near_duplicates`` finds
            them; or ``file``, copies alone.
        seed: another one gives another split.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    val_share: Annotated[float, Field(strict=True, ge=0, lt=1, allow_inf_nan=False, description=_SHARE)] = 0.0
    grouped_by: Annotated[GroupedBy, Field(description=_GROUPED_BY)] = "picture"
    seed: Annotated[int, Field(strict=True, description=_SEED)] = 0


def choose_groups(
    media: AnyFrame, sample_groups: AnyFrame, params: SplitParams, *, is_wanted: bool | None = None
) -> pl.LazyFrame:
    """The group of each sample, by the rule of ``params``: ``id``, ``group``; of none where nobody wants groups.

    Args:
        media: the inspected media.
        sample_groups: what ``near_duplicates`` found; without columns where it was not run.
        params: whether there is a split, and what makes a group.
        is_wanted: whether groups are wanted; None where a split alone wants them.

    Raises:
        MissingTableError: groups by picture are wanted and ``near_duplicates`` was not run.
    """
    if not (params.val_share if is_wanted is None else is_wanted):
        return pl.LazyFrame(schema={"id": pl.String, "group": pl.String})
    if params.grouped_by == "file":
        return group_by_file(media)
    groups = sample_groups.lazy()
    if not groups.collect_schema():
        raise MissingTableError(
            "A split, or a limit per source clip, must know which samples share a clip, and nobody has looked",
            where="the table sample_groups",
            todo="look first: kedro run --pipelines near_duplicates; "
            "or part copies of one file alone: split.grouped_by=file",
        )
    return groups.select("id", "group")


def check_grouped(
    samples: AnyFrame, groups: AnyFrame, params: SplitParams, *, is_wanted: bool | None = None
) -> None:
    """That a sample to be split by pictures is in the groups: one that came later may be a near duplicate.

    Raises:
        StaleTableError: some are not.
    """
    if not (params.val_share if is_wanted is None else is_wanted) or params.grouped_by == "file":
        return
    unknown = samples.lazy().select("id").join(groups.lazy(), on="id", how="anti").collect()["id"]
    if len(unknown):
        raise StaleTableError(
            "Samples came after the search for shared source clips, and may share one",
            where="the table sample_groups",
            got=f"{len(unknown):,} samples without a group, {unknown[0]} among them",
            todo="look again: kedro run --pipelines near_duplicates; what was seen before is not read again",
        )


def group_by_file(media: AnyFrame) -> pl.LazyFrame:
    """The group of each sample whose source video was inspected: ``id``, ``group``, one row per sample.

    Samples whose source videos are copies of one file are a group, across themes too; its name is the ``index_hash``
    of the file. A broken one has no hash, and its sample no row. Of several files of one sample a loose one
    counts, else that of the first tar by name.
    """
    return (
        media.lazy()
        .filter(pl.col("kind") == KIND.source_video, pl.col("index_hash").is_not_null())
        .sort("container", nulls_last=False, maintain_order=True)
        .unique("id", keep="first", maintain_order=True)
        .select("id", pl.col("index_hash").alias("group"))
    )


def split_samples(samples: AnyFrame, groups: AnyFrame, params: SplitParams) -> pl.DataFrame:
    """``samples`` in their order with the column ``split``: ``train`` or ``val``.

    Each group goes to validation with a chance of ``val_share``, as a whole. Of ``n`` groups of equal size the share
    so comes out within two or three times ``sqrt(val_share * (1 - val_share) / n)``: 0.4% at 5% of 28,000.

    Args:
        samples: with ``id``, each once.
        groups: ``id``, ``group``; a sample that is not in it is a group by itself. Not read where there is no split.
        params: share and seed.

    Raises:
        ConservationError: an id has several groups.
    """
    samples = samples.lazy().collect()
    if not params.val_share:
        return samples.with_columns(pl.lit(TRAIN).alias("split"))
    grouped = samples.lazy().join(
        groups.lazy().select("id", "group"), on="id", how="left", maintain_order="left"
    )
    named = grouped.select("id", pl.col("group").fill_null(pl.col("id"))).collect()
    _check_one_each(samples, named)
    # From 0 to below 1, and only the name and the seed decide, on any machine.
    fractions = {
        name: xxhash.xxh3_64_intdigest(f"{params.seed}\0{name}".encode()) / _DIGESTS
        for name in named["group"].unique()
    }
    chosen = pl.Series(
        [name for name, fraction in fractions.items() if fraction < params.val_share], dtype=pl.String
    )
    is_val = named["group"].is_in(chosen.implode())
    return samples.with_columns(pl.when(is_val).then(pl.lit(VAL)).otherwise(pl.lit(TRAIN)).alias("split"))


def _check_one_each(samples: pl.DataFrame, named: pl.DataFrame) -> None:
    if named.height != samples.height:
        raise ConservationError(
            "A sample is in several groups, so they would be separated",
            where="the groups of the split",
            got=f"{named.height} rows",
            allowed=f"{samples.height}, one per sample",
        )
