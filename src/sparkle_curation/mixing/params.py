"""The parameters of a mix, as ``conf/base/mix/parameters.yml`` declares them."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MEMBERS = (
    "for each name, of letters, digits, _ and -, no two alike but for case, at least {data_root: FOLDER}"
)
_ROOT = "a folder of this machine"
_COUNT = "an integer from 1 up, or null for no limit"
_WEIGHT = "a number from 0 up, or null for as many as it has"
_QUOTA = "an integer from 0 up, {theme: integer}, or null for no limit"
_THRESHOLDS = "for each name of a criterion of its own a number, or null for the one that it was curated with"

Policy = Literal["prompt", "clip", "keep"]
"""What is a near duplicate of another member: same clip and prompt, same clip, or nothing."""


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _quota(value: object) -> object:
    is_by_theme = isinstance(value, dict) and bool(value) and all(map(_is_count, value.values()))
    if value is not None and not _is_count(value) and not is_by_theme:
        raise ValueError(_QUOTA)
    return value


def _thresholds(value: object) -> object:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(
        isinstance(name, str) and (each is None or (type(each) in {int, float} and math.isfinite(each)))
        for name, each in value.items()
    ):
        raise ValueError(_THRESHOLDS)
    return {name: float(each) for name, each in value.items() if each is not None}


def _members(value: object) -> object:
    names = list(value) if isinstance(value, dict) else [""]
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names) or len(
        {name.lower() for name in names}
    ) < len(names):
        raise ValueError(_MEMBERS)
    return value


class Member(BaseModel):
    """One dataset of a mix.

    Attributes:
        data_root: where it was curated.
        release_root: where its release lies, for ``extract``; None for what its environment's globals say.
        env: the environment of ``conf/`` that describes it; None to find it by the dataset's name.
        thresholds: by the name of a criterion of its own; those that are not named are those that it was curated with.
        weight: its part of the mix, relative to the others'; None for as many as it has.
        quota: the most samples of it, or of its themes by name; None for no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_root: Annotated[str, Field(strict=True, min_length=1, description=_ROOT)]
    release_root: Annotated[
        str | None, Field(strict=True, min_length=1, description="a folder or URL, or null")
    ] = None
    env: Annotated[str | None, Field(strict=True, min_length=1, description="a folder of conf/, or null")] = (
        None
    )
    thresholds: Annotated[dict[str, float], BeforeValidator(_thresholds), Field(description=_THRESHOLDS)] = (
        Field(default_factory=dict)
    )
    weight: Annotated[float | None, Field(strict=True, ge=0, allow_inf_nan=False, description=_WEIGHT)] = None
    quota: Annotated[int | dict[str, int] | None, BeforeValidator(_quota), Field(description=_QUOTA)] = None


class MixGroup(BaseModel):
    """What is mixed.

    Attributes:
        members: by the name of their folder in the mix.
        budget: the most samples for training; None for the largest mix with the weights' shares.
        near_duplicates: which samples of one member are left out for another one's: those of one clip and prompt, those
            of one clip, or none (``keep``). The member that is named first keeps its own.
        benchmark_leakage: what becomes of samples that are alike to one of any member's benchmark.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    members: Annotated[dict[str, Member], BeforeValidator(_members), Field(description=_MEMBERS)]
    budget: Annotated[int | None, Field(strict=True, ge=1, description=_COUNT)]
    near_duplicates: Annotated[Policy, Field(description="prompt, clip or keep")]
    benchmark_leakage: Annotated[Literal["drop", "keep"], Field(description="drop or keep")]

    @property
    def settings(self) -> dict[str, Any]:
        """What decides which samples are in the mix, for its record."""
        return self.model_dump(exclude={"members": {"__all__": {"data_root", "release_root", "env"}}})
