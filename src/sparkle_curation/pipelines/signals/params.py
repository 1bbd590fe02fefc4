"""The parameters of measuring signals, as ``conf/base/signals/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import BatchSize, Processes
from sparkle_curation.media.signals.batch_signals import Measuring

_FROM_ONE, _FROM_ZERO = "an integer above 0", "an integer from 0"
_Count = Annotated[int, Field(strict=True, ge=1, description=_FROM_ONE)]
_CountFromZero = Annotated[int, Field(strict=True, ge=0, description=_FROM_ZERO)]
_Side = Annotated[int, Field(strict=True, ge=16, le=4096, description="an integer from 16 to 4096")]


class SignalsGroup(BaseModel):
    """What is looked at of a pair, with how many processes, and what the pictures show.

    Attributes:
        frames: frames of a clip that are measured, at most.
        frame_step: frames from one to the next.
        width_px: width at which they are measured, of a picture of 16 by 9; another shape has as many pixels.
        height_px: height.
        erosion_px: pixels along the mask's edge, at that size, that count on neither side.
        min_pixels: fewer than these on a side of the mask say nothing.
        shown: samples that the pictures show at either end of each signal.
        processes: how many; None for one a core.
        batch_size: pairs that are measured between two writes to the journal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: _Count
    frame_step: _Count
    width_px: _Side
    height_px: _Side
    erosion_px: _CountFromZero
    min_pixels: _Count
    shown: _CountFromZero
    processes: Processes
    batch_size: BatchSize

    @property
    def measuring(self) -> Measuring:
        """What decides the signals."""
        return Measuring(**{name: getattr(self, name) for name in Measuring._fields})


class SignalsParams(BaseModel):
    """The parameters of measuring signals.

    Attributes:
        signals: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    signals: SignalsGroup
