"""Bounds on signals: which kept samples a variant leaves out for what was measured of their pixels or prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import MissingTableError
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.tables.signals import SIGNALS

MissingSignals = Literal["keep", "reject"]
"""What becomes of a sample without a signal that has a bound: let through, or left out."""

_NUMBER = "a number, or null"
_Number = Annotated[float | None, Field(strict=True, allow_inf_nan=False, description=_NUMBER)]


class SignalBound(BaseModel):
    """The values of a signal that are kept; a value equal to a bound is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: _Number = None
    at_most: _Number = None


def _none_is_none_set(value: object) -> object:
    return {} if value is None else value


_Bound = Annotated[SignalBound, BeforeValidator(_none_is_none_set)]

if TYPE_CHECKING:

    class SignalBoundsModel(BaseModel):
        """Bounds by the name of a signal; one that is not set has none."""
else:
    SignalBoundsModel = create_model(
        "SignalBoundsModel",
        __config__=ConfigDict(frozen=True, extra="forbid"),
        __doc__="Bounds by the name of a signal; one that is not set has none.",
        **{field.name: (_Bound, SignalBound()) for field in SIGNALS},
    )

SignalBounds = Annotated[
    SignalBoundsModel,
    BeforeValidator(_none_is_none_set),
]
"""The parameter: null for no bound at all."""

Bounds = Mapping[str, Mapping[str, float]]
"""Signal -> ``at_least`` and ``at_most``, those that are set."""


def resolve_bounds(parameter: SignalBoundsModel | None) -> dict[str, dict[str, float]]:
    """The bounds that are set, by the name of the signal.

    >>> resolve_bounds(SignalBoundsModel(foreground_fidelity_min={"at_least": 0.4}))
    {'foreground_fidelity_min': {'at_least': 0.4}}
    """
    set_bounds = {} if parameter is None else parameter.model_dump(exclude_none=True)
    return {name: bound for name, bound in set_bounds.items() if bound}


def find_out_of_bounds(
    samples: pl.DataFrame, signals: AnyFrame, bounds: Bounds, missing: MissingSignals
) -> pl.DataFrame:
    """The samples that a bound leaves out: ``id``, ``theme``, ``detail`` (each bound that they break), in their order.

    Args:
        samples: with ``id``, ``theme``, each id once.
        signals: columns of ``signals``; without any where it was not run. Not read where there is no bound.
        bounds: those that are set.
        missing: what becomes of a sample without a signal that has a bound.

    Raises:
        MissingTableError: there are bounds, and no signals were measured.
    """
    if not bounds:
        return samples.select("id", "theme", pl.lit("").alias("detail")).clear()
    known = signals.lazy()
    if "id" not in known.collect_schema().names():
        raise MissingTableError(
            "There are bounds on signals, and no signals were measured",
            where=", ".join(f"signal_bounds.{name}" for name in bounds),
            todo="measure them first: kedro run --pipelines signals; or leave the bounds out: --params signal_bounds=null",
        )
    measured = known.select("id", "error", *bounds).collect()
    found = samples.join(measured, on="id", how="left", maintain_order="left")
    broken = [part for name, bound in bounds.items() for part in _broken(name, bound, missing)]
    detail = pl.concat_str(broken, separator="; ", ignore_nulls=True)
    return found.select("id", "theme", detail.alias("detail")).filter(pl.col("detail") != "")


def describe_bounds(bounds: Bounds) -> list[str]:
    """Each bound in words.

    >>> describe_bounds({"foreground_fidelity_min": {"at_least": 0.4}})
    ['foreground_fidelity_min at least 0.4']
    """
    return [
        f"{name} {side.replace('_', ' ')} {exact(value)}"
        for name, bound in bounds.items()
        for side, value in bound.items()
    ]


def _broken(name: str, bound: Mapping[str, float], missing: MissingSignals) -> list[pl.Expr]:
    """A text for each side of a bound that a sample breaks, null where it keeps it."""
    value = pl.col(name)
    texts = []
    if "at_least" in bound:
        texts.append(_told(name, value < bound["at_least"], f"below {exact(bound['at_least'])}"))
    if "at_most" in bound:
        texts.append(_told(name, value > bound["at_most"], f"above {exact(bound['at_most'])}"))
    if missing == "reject":
        why = pl.col("error").fill_null("not measured")
        texts.append(pl.when(value.is_null()).then(pl.format("{} is not known: {}", pl.lit(name), why)))
    return texts


def _told(name: str, is_beyond: pl.Expr, beyond: str) -> pl.Expr:
    told = pl.format("{} is {}, {}", pl.lit(name), pl.col(name).round(4), pl.lit(beyond))
    return pl.when(is_beyond.fill_null(value=False)).then(told)
