"""The parameters of ``paper``, as ``conf/base/paper/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PaperOptions(BaseModel):
    """Who stands behind a variant.

    Attributes:
        authors: of ``CITATION.cff``, each as ``Given Family``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    authors: Annotated[list[str], Field(description="a list of names, each as Given Family")]


class PaperParams(BaseModel):
    """The parameters of ``paper``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper: PaperOptions
