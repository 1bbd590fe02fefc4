"""The parameters of ``diff``, as ``conf/base/diff/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Version = Annotated[
    str | None,
    Field(
        strict=True,
        description="a folder, a git revision, or workspace; a commit that reads as a number with ~0 after it, 1234567~0",
    ),
]
"""Name of a version. Text alone: Kedro has made a number of ``0123456`` and lost its zero before anyone could ask."""


class DiffParams(BaseModel):
    """The parameters of ``diff``.

    Attributes:
        base: the version that is compared with; see ``datasets.variant.variant_store``. None is the current data root.
        other: the version that is looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Version
    other: Version
