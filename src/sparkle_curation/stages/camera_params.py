"""How cameras are looked at and what a fixed one is, as a group of parameters: of ``camera``, and of ``clips``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import BatchSize, Processes
from sparkle_curation.media.camera.measures import MeasuringCamera
from sparkle_curation.media.camera.rule import CameraLimits
from sparkle_curation.models.params import ModelParams, SamplingParams
from sparkle_curation.stages.camera_judge import CameraJudgeSettings

_FROM_ONE = "an integer above 0"
_Count = Annotated[int, Field(strict=True, ge=1, description=_FROM_ONE)]
_Side = Annotated[int, Field(strict=True, ge=64, le=4096, description="an integer from 64 to 4096")]
_Pixels = Annotated[float, Field(gt=0, allow_inf_nan=False, description="pixels above 0")]
_Share = Annotated[float, Field(ge=0, le=1, description="a share of 0 to 1")]
_Folder = Annotated[str, Field(min_length=1, description="a folder of this machine, or null for the release")]


class CameraLimitsGroup(BaseModel):
    """What a fixed camera does not exceed: see ``CameraLimits``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_drift_px: _Pixels
    max_shake_px: _Pixels
    min_ring_cells: Annotated[int, Field(strict=True, ge=1, le=22, description="an integer from 1 to 22")]
    borderline_share: _Share

    @property
    def limits(self) -> CameraLimits:
        """The same, as the rule takes them."""
        return CameraLimits(**self.model_dump())


class CameraJudgeGroup(BaseModel):
    """Who is asked about clips that the rule leaves open.

    Attributes:
        ask: ``nothing``; ``cannot_tell``; or ``cannot_tell_and_borderline``.
        model: who judges.
        sampling: how its replies are drawn.
        frames: of a clip that it is shown.
        seed: of the first try.
        max_tries: how often an answer that is none is asked for, each time with the next seed.
        batch_size: clips between two writes to the journal.
        give_up_after: so many clips without one answer that can be read end the run; None for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ask: Annotated[
        Literal["nothing", "cannot_tell", "cannot_tell_and_borderline"],
        Field(description="nothing, cannot_tell or cannot_tell_and_borderline"),
    ]
    model: ModelParams
    sampling: SamplingParams
    frames: Annotated[int, Field(strict=True, ge=2, description="an integer from 2")]
    seed: Annotated[int, Field(strict=True, ge=0, description="an integer")]
    max_tries: _Count
    batch_size: BatchSize
    give_up_after: Annotated[BatchSize | None, Field(description=f"{_FROM_ONE}, or null for never")]

    @property
    def settings(self) -> CameraJudgeSettings:
        """How it is asked."""
        return CameraJudgeSettings(self.frames, self.seed, self.max_tries)


class CameraGroup(BaseModel):
    """Which clips are looked at, how, and what a fixed camera is.

    Attributes:
        clips: a folder of clips; None for the source videos of the release.
        width_px: width at which frames are looked at, of a picture of 16 by 9; another shape has as many pixels.
        height_px: height.
        normalise_sigma_px: of the neighbourhood whose brightness and contrast a pixel is compared with; 0 for none.
        drift_fps: so many frames a second are compared with the first one.
        shake_every: each so many-th pair of frames is compared.
        cut_correlation: a frame that correlates less with the one before it comes after a cut.
        limits: of the rule.
        processes: how many; None for one a core.
        batch_size: clips that are measured between two writes to the journal.
        judge: who is asked about what the rule leaves open.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: _Folder | None
    width_px: _Side
    height_px: _Side
    normalise_sigma_px: Annotated[float, Field(ge=0, le=100, description="a number from 0 to 100")]
    drift_fps: Annotated[float, Field(gt=0, le=100, description="a number above 0, up to 100")]
    shake_every: _Count
    cut_correlation: Annotated[float, Field(ge=-1, le=1, description="a number from -1 to 1")]
    limits: CameraLimitsGroup
    processes: Processes
    batch_size: BatchSize
    judge: CameraJudgeGroup

    @property
    def measuring(self) -> MeasuringCamera:
        """What decides the measures."""
        return MeasuringCamera(
            self.width_px * self.height_px,
            self.normalise_sigma_px,
            self.drift_fps,
            self.shake_every,
            self.cut_correlation,
        )
