"""The parameters of ``audit``, as ``conf/base/audit/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class AuditGroup(BaseModel):
    """Which samples are drawn.

    Attributes:
        size: how many.
        seed: another one draws others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: Annotated[int, Field(strict=True, ge=1, description="an integer from 1 up")]
    seed: Annotated[int, Field(strict=True, ge=0, description="an integer from 0 up")]


class AuditParams(BaseModel):
    """The parameters of drawing the audit sample.

    Attributes:
        audit: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    audit: AuditGroup
