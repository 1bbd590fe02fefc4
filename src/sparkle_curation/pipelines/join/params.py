"""The parameters of joining releases, as ``conf/base/join/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class JoinGroup(BaseModel):
    """What is joined with the release.

    Attributes:
        added: root of the new release.
        links: media by ``hard`` links alone, or by a ``copy`` where they cannot be linked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    added: Annotated[str, Field(min_length=1, description="a folder of this machine")]
    links: Annotated[Literal["hard", "copy"], Field(description="hard or copy")]


class JoinParams(BaseModel):
    """The parameters of joining releases.

    Attributes:
        join: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    join: JoinGroup
