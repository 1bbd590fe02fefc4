"""The parameters of making control videos, as ``conf/base/edges/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from sparkle_curation.engine.param_types import BatchSize, Processes
from sparkle_curation.media.edges.batch_edges import MakingEdges

_GRADIENT = "a number from 0 to 2000, the low one not above the high one"
_Gradient = Annotated[float, Field(ge=0, le=2000, allow_inf_nan=False, description=_GRADIENT)]


class EdgesGroup(BaseModel):
    """How edges are found, and with how many processes.

    Attributes:
        low: gradients below it are no edge.
        high: gradients above it are one; those between where they touch one.
        min_released_iou: a released control video whose mean IoU with the made one is at least this fits.
        processes: how many; None for one a core.
        batch_size: control videos that are made between two writes to the journal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: _Gradient
    high: _Gradient
    min_released_iou: Annotated[float, Field(ge=0, le=1, description="a share of 0 to 1")]
    processes: Processes
    batch_size: BatchSize

    @field_validator("high")
    @classmethod
    def _low_is_not_above_high(cls, high: float, info: ValidationInfo) -> float:
        if info.data.get("low", 0) > high:
            raise ValueError(_GRADIENT)
        return high

    @property
    def making(self) -> MakingEdges:
        """What decides the edges."""
        return MakingEdges(self.low, self.high)


class EdgesParams(BaseModel):
    """The parameters of making control videos.

    Attributes:
        edges: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    edges: EdgesGroup
