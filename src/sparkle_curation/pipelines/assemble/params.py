"""The parameters of assembling a release, as ``conf/base/assemble/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_SHARD = "megabytes of a tar, an integer from 1"


class AssembleGroup(BaseModel):
    """What a new release holds, and how.

    Attributes:
        layout: media in ``tars``, or ``loose``.
        shard_mb: megabytes of a tar, at most, but for a medium that is larger alone.
        media: of the samples that ``passed``, or of ``all``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Annotated[Literal["tars", "loose"], Field(description="tars or loose")]
    shard_mb: Annotated[int, Field(strict=True, ge=1, description=_SHARD)]
    media: Annotated[Literal["passed", "all"], Field(description="passed or all")]


class AssembleParams(BaseModel):
    """The parameters of assembling a release.

    Attributes:
        assemble: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    assemble: AssembleGroup
