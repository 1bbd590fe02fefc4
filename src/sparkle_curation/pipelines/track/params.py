"""The parameters of tracking, as ``conf/base/track/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import BatchSize
from sparkle_curation.media.tracking.votes import Ties
from sparkle_curation.models.params import Text

_NAME = "a repository of the model hub such as facebook/sam3, or a local folder"
_YES_OR_NO = "true or false"


class TrackerParams(BaseModel):
    """Which tracker, and where it computes.

    Attributes:
        name: repository or local folder.
        revision: commit of the repository; None for its newest.
        device: ``auto`` for a GPU, ``cuda:1``, ``cpu``.
        dtype: in which it computes.
        offload: whether what the encoder made of the frames is held in main memory.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, description=_NAME)]
    revision: Annotated[Text | None, Field(description="a commit, or null for the newest")]
    device: Annotated[str, Field(min_length=1, description="auto, cpu, cuda or cuda:N")]
    dtype: Annotated[Literal["bfloat16", "float32"], Field(description="bfloat16 or float32")]
    offload: Annotated[bool, Field(strict=True, description=_YES_OR_NO)]


class TrackGroup(BaseModel):
    """What is tracked, by whom and how.

    Attributes:
        limit: most clips; None for all.
        boxes_from: whose boxes: those ``released``, or those ``regrounded`` here.
        model: the tracker.
        mask_threshold: logit above which a pixel is an object's.
        ties: what becomes of a pixel of as many votes as not.
        shown: clips in the picture.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[BatchSize | None, Field(description="an integer above 0, or null for all")]
    boxes_from: Annotated[Literal["released", "regrounded"], Field(description="released or regrounded")]
    model: TrackerParams
    mask_threshold: Annotated[float, Field(allow_inf_nan=False, description="a number")]
    ties: Annotated[Ties, Field(description="background or foreground")]
    shown: Annotated[int, Field(strict=True, ge=0, description="an integer from 0")]


class TrackParams(BaseModel):
    """The parameters of tracking.

    Attributes:
        track: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    track: TrackGroup
