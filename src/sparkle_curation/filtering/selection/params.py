"""The parameters of selection, as ``conf/base/curate/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sparkle_curation.engine.param_types import words
from sparkle_curation.spec.stages import CRITERION_NAMES

Mode = Literal["even", "proportional", "quota"]
"""``even``: as many of each group as can be; ``proportional``: by the groups' sizes; ``quota``: at most so many of each."""

BALANCES = ("theme", "subtheme")

_COUNT = "an integer from 1 up, or null for no limit"
_BALANCE = f"columns as a list or separated by blanks, of {', '.join(BALANCES)}"
_QUOTA = "for each group how many, such as {theme/subtheme: 100}, or null; with mode=quota alone"
_RANK_BY = f"one of {', '.join(CRITERION_NAMES)}, or null for the mean over the primary criteria"

Limit = Annotated[int | None, Field(strict=True, ge=1, description=_COUNT)]


def _counts(value: object) -> object:
    if value is not None and not (
        isinstance(value, dict)
        and value
        and all(type(count) is int and count >= 0 for count in value.values())
    ):
        raise ValueError(_QUOTA)
    return value


def _criterion(value: object) -> object:
    if value is not None and value not in CRITERION_NAMES:
        raise ValueError(_RANK_BY)
    return value


class SelectionParams(BaseModel):
    """How samples are selected of those that could be exported; with no limit all are.

    Attributes:
        budget: the most samples in the variant.
        balance: what makes a group.
        mode: how the budget is shared among groups.
        quota: the most samples of each group, by its name, the values of ``balance`` joined by ``/``.
        rank_by: the criterion whose score says which sample of a group goes first.
        per_source_clip: the most samples of one source clip.
        per_prompt: the most samples of one prompt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    budget: Limit = None
    balance: Annotated[
        list[str],
        words(BALANCES.__contains__, _BALANCE),
        Field(min_length=1, description=_BALANCE),
    ] = list(BALANCES)
    mode: Annotated[Mode, Field(description="even, proportional or quota")] = "even"
    quota: Annotated[dict[str, int] | None, BeforeValidator(_counts), Field(description=_QUOTA)] = None
    rank_by: Annotated[str | None, BeforeValidator(_criterion), Field(description=_RANK_BY)] = None
    per_source_clip: Limit = None
    per_prompt: Limit = None

    @property
    def is_on(self) -> bool:
        """Whether anything limits the samples."""
        limits = (self.budget, self.per_source_clip, self.per_prompt)
        return self.mode == "quota" or any(limit is not None for limit in limits)
