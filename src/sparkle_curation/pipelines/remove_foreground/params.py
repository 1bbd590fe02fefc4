"""The parameters of ``remove_foreground``, as ``conf/base/remove_foreground/parameters.yml`` declares them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from sparkle_curation.stages.generation.params import GenerationGroup
from sparkle_curation.stages.generation.stage import REMOVE_FOREGROUND, GenerationStage


class RemoveForegroundGroup(GenerationGroup):
    """The foreground is taken out of each edited first frame that passed; members as in ``GenerationGroup``."""

    stage: ClassVar[GenerationStage] = REMOVE_FOREGROUND


class RemoveForegroundParams(BaseModel):
    """The parameters of ``remove_foreground``.

    Attributes:
        remove_foreground: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    remove_foreground: RemoveForegroundGroup
