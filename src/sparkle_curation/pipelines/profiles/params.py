"""The parameters of ``profiles``, as ``conf/base/profiles/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import words
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.training.profiles.known import PROFILES
from sparkle_curation.training.profiles.profile import PRESETS

_NAMES = f"at least one of {', '.join(PROFILES)}, each once, as a list or separated by blanks"
_SIZE = f"one of {', '.join(PRESETS)}"
_VIDEOS = [name for name, kind in ASSET_KINDS.items() if kind.suffix == "mp4"]
_CONTROL = f"a kind of videos ({', '.join(_VIDEOS)}), or null for the source video"


def _check_names(names: list[str]) -> list[str]:
    if not names or len(set(names)) != len(names):
        raise ValueError(_NAMES)
    return names


def _one_of(known: list[str], meaning: str) -> AfterValidator:
    def check(value: str | None) -> str | None:
        if value is not None and value not in known:
            raise ValueError(meaning)
        return value

    return AfterValidator(check)


class ProfilesGroup(BaseModel):
    """Which files are written of the variant.

    Attributes:
        names: of export profiles.
        size: the preset that the trainers are told.
        control: the asset kind that is the control video, where a trainer takes one; None for the source video.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: Annotated[
        list[str],
        Field(description=_NAMES),
        words(PROFILES.__contains__, _NAMES),
        AfterValidator(_check_names),
    ]
    size: Annotated[str, Field(description=_SIZE), _one_of(list(PRESETS), _SIZE)]
    control: Annotated[str | None, Field(description=_CONTROL), _one_of(_VIDEOS, _CONTROL)]


class ProfilesParams(BaseModel):
    """The parameters of ``profiles``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profiles: ProfilesGroup
