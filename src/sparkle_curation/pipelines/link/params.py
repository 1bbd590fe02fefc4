"""The parameters of linking, as ``conf/base/link/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

_Root = Annotated[
    str, Field(strict=True, min_length=1, description="the data root of another dataset, or null")
]
_Theme = Annotated[str, Field(strict=True, min_length=1, description="the name of a theme, or null for all")]


class LinkGroup(BaseModel):
    """What is linked.

    Attributes:
        other: the data root of the other dataset.
        theme: of this dataset; None for all.
        other_theme: of the other one; None for all.
        equal_counts: whether both sides have equally many samples of a clip.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    other: _Root | None
    theme: _Theme | None
    other_theme: _Theme | None
    equal_counts: StrictBool


class LinkParams(BaseModel):
    """The parameters of linking.

    Attributes:
        link: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    link: LinkGroup
