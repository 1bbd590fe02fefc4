"""The parameters of looking at cameras, as ``conf/base/camera/parameters.yml`` declares them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sparkle_curation.stages.camera_params import CameraGroup


class CameraParams(BaseModel):
    """The parameters of looking at cameras.

    Attributes:
        camera: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    camera: CameraGroup
