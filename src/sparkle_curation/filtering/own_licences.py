"""Licences that samples have of their own, whatever is described of their theme: those of new samples.

A release of new samples says them in the metadata of each, as the member ``licences``: the licence of its clip, and that of
the weights of each model that made a file of it. So they stay with the sample wherever its row goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ParameterError
from sparkle_curation.spec.licences import (
    LICENCES_MEMBER,
    UNKNOWN,
    allowed_themes,
    described_licences,
    licence_ids,
)
from sparkle_curation.spec.themes import THEMES

OWN_LICENCES: dict[str, pl.DataType] = {
    "id": pl.String(),
    "theme": pl.String(),
    "licences": pl.List(pl.String),
}
"""A row per sample that has licences of its own: their ids, each once."""

AND = " and "
"""Between the licences of a sample, all of which hold for it, in a text."""

NO_OWN_LICENCES = pl.DataFrame(schema=OWN_LICENCES)
"""No sample has any."""


def licence_id(said: str | None) -> str:
    """A licence as hubs write it, in one word; ``unknown`` where nobody said any.

    >>> [licence_id(said) for said in ("CC0-1.0", "Pexels License", " ", None)]
    ['cc0-1.0', 'pexels-license', 'unknown', 'unknown']
    """
    return "-".join((said or "").lower().split()) or UNKNOWN


def extra_fields_of(licences: Iterable[str | None]) -> dict[str, list[str]]:
    """The licences of a sample as ``extra_fields`` has them, which is written into its metadata.

    >>> extra_fields_of(["CC0-1.0", None, "cc0-1.0"])
    {'$.licences': ['cc0-1.0', 'unknown']}
    """
    return {LICENCES_MEMBER: list(dict.fromkeys(map(licence_id, licences)))}


def find_own_licences(annotations: AnyFrame) -> pl.DataFrame:
    """``OWN_LICENCES`` of the annotations; of a member that is no list of texts ``unknown``."""
    table = annotations.lazy()
    if "extra_fields" not in table.collect_schema().names():
        return NO_OWN_LICENCES
    found = (
        table.filter(pl.col("extra_fields").str.contains(f'"{LICENCES_MEMBER}"', literal=True))
        .select("id", pl.col("theme").cast(pl.String), "extra_fields")
        .collect()
    )
    rows = [(sample, theme, _licences_in(text)) for sample, theme, text in found.iter_rows()]
    return pl.DataFrame([row for row in rows if row[2]], schema=OWN_LICENCES, orient="row").unique(
        "id", keep="first", maintain_order=True
    )


def _licences_in(text: str) -> list[str]:
    members = json.loads(text)
    if LICENCES_MEMBER not in members:  # the name stood in a text
        return []
    said = members[LICENCES_MEMBER]
    is_list = isinstance(said, list) and said and all(isinstance(each, str) for each in said)
    return list(dict.fromkeys(map(licence_id, said))) if is_list else [UNKNOWN]


def has_allowed_licences(own: pl.DataFrame, licence_allow: Sequence[str] | None) -> pl.Expr:
    """Whether each licence of a sample (``id``, ``theme``) is allowed: of its own where it has some, else of its theme.

    Args:
        own: ``OWN_LICENCES``.
        licence_allow: ids of licences, ``unknown`` among them where that is meant; None for any.

    Raises:
        ParameterError: a licence is allowed that neither the description nor a sample has.
    """
    if licence_allow is None:
        return pl.lit(value=True)
    known = {*described_licences(), *own["licences"].explode().drop_nulls()}
    if unknown := [each for each in licence_allow if each not in known]:
        raise ParameterError(
            "A licence is allowed that nothing has",
            where="licence_allow",
            got=", ".join(unknown),
            allowed=", ".join(sorted(known)),
            todo='give some of these: --params "licence_allow=cc-by-4.0"; or null for any',
        )
    fitting = own.filter(pl.col("licences").list.set_difference(pl.lit(list(licence_allow))).list.len() == 0)
    by_theme = pl.col("theme").cast(pl.String).is_in(allowed_themes(THEMES, licence_allow))
    return (
        pl.when(pl.col("id").is_in(own["id"].implode()))
        .then(pl.col("id").is_in(fitting["id"].implode()))
        .otherwise(by_theme)
    )


def licence_texts(samples: pl.DataFrame, own: pl.DataFrame) -> pl.Series:
    """The licences of each sample in words, all of which hold for it: of its own where it has some, else of its theme.

    Args:
        samples: with ``id`` and ``theme``.
        own: ``OWN_LICENCES``.
    """
    described = {theme: AND.join(licence_ids(theme)) for theme in THEMES}
    told = own.select("id", pl.col("licences").list.join(AND).alias("_own"))
    by_theme = pl.col("theme").cast(pl.String).replace_strict(described, default=None, return_dtype=pl.String)
    joined = samples.select("id", "theme").join(told, on="id", how="left", maintain_order="left")
    return joined.select(pl.coalesce("_own", by_theme).alias("licence"))["licence"]


def count_own_licences(samples: pl.DataFrame, own: pl.DataFrame) -> Mapping[str, Mapping[str, int]]:
    """Theme -> licences in words -> samples that have these of their own; by theme and by words.

    Args:
        samples: with ``id`` and ``theme``.
        own: ``OWN_LICENCES``.
    """
    told = samples.select("id", pl.col("theme").cast(pl.String)).join(own.drop("theme"), on="id", how="inner")
    counts = told.group_by("theme", pl.col("licences").list.join(AND).alias("words")).agg(pl.len())
    found: dict[str, dict[str, int]] = {}
    for theme, words, count in counts.sort("theme", "words").iter_rows():
        found.setdefault(theme, {})[words] = count
    return found
