"""The parameters of an exclusion, as ``conf/base/exclude/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from sparkle_curation.ingest.exclusions.exclusion_list import Request

_Text = Annotated[str, Field(min_length=1)]


class ExcludeGroup(BaseModel):
    """Which clip, and whether it goes.

    Attributes:
        clip: path of the source clip; None where it is told by ``id``, or where what is listed is done again.
        id: a sample that is made from it.
        reason: who asked.
        folders: further folders to go through, such as one that media were extracted to; separated by blanks.
        confirm: whether it is done; else it is only said what would be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clip: Annotated[_Text | None, Field(description="a file of this machine, or null")]
    id: Annotated[_Text | None, Field(description="a sample id, or null")]
    reason: Request
    folders: Annotated[_Text | None, Field(description="folders of this machine, or null")]
    confirm: StrictBool


class ExcludeParams(BaseModel):
    """The parameters of an exclusion.

    Attributes:
        exclude: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exclude: ExcludeGroup
