"""The parameters of ``background_video``, as ``conf/base/background_video/parameters.yml`` declares them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from sparkle_curation.stages.generation.params import VideoGroup
from sparkle_curation.stages.generation.stage import BACKGROUND_VIDEO, GenerationStage


class BackgroundVideoGroup(VideoGroup):
    """Each background that passed becomes a video as long as the source; members as in ``VideoGroup``."""

    stage: ClassVar[GenerationStage] = BACKGROUND_VIDEO


class BackgroundVideoParams(BaseModel):
    """The parameters of ``background_video``.

    Attributes:
        background_video: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    background_video: BackgroundVideoGroup
