"""The parameters of ``edit_frame0``, as ``conf/base/edit_frame0/parameters.yml`` declares them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from sparkle_curation.stages.generation.params import GenerationGroup
from sparkle_curation.stages.generation.stage import EDIT_FRAME0, GenerationStage


class EditFrame0Group(GenerationGroup):
    """The first frame of each source is edited as its instruction says; members as in ``GenerationGroup``."""

    stage: ClassVar[GenerationStage] = EDIT_FRAME0


class EditFrame0Params(BaseModel):
    """The parameters of ``edit_frame0``.

    Attributes:
        edit_frame0: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    edit_frame0: EditFrame0Group
