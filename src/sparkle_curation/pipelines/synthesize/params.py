"""The parameters of ``synthesize``, as ``conf/base/synthesize/parameters.yml`` declares them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from sparkle_curation.stages.generation.params import ControlGroup
from sparkle_curation.stages.generation.stage import SYNTHESIZE, GenerationStage


class SynthesizeGroup(ControlGroup):
    """Each edited first frame becomes a video with the edges of its control video; members as in ``ControlGroup``."""

    stage: ClassVar[GenerationStage] = SYNTHESIZE


class SynthesizeParams(BaseModel):
    """The parameters of ``synthesize``.

    Attributes:
        synthesize: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    synthesize: SynthesizeGroup
