"""The parameters of grounding, as ``conf/base/ground/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import BatchSize
from sparkle_curation.grounding.grounder import GroundSettings
from sparkle_curation.models.params import ModelParams, SamplingParams

_WHOLE = "an integer above 0"


class GroundGroup(BaseModel):
    """What is grounded, by whom and how.

    Attributes:
        limit: most samples of a round; None for all.
        labels_from: whose labels round 2 looks for: those ``regrounded`` here, or those ``released``.
        model: who grounds.
        sampling: how its replies are drawn.
        seed: of the first try.
        max_tries: how often an answer that is none is asked for, each time with the next seed.
        max_objects: most objects of an answer, where it is held to its form.
        is_constrained: whether replies are held to the form of an answer while they are drawn.
        batch_size: samples between two writes to the journal.
        readers: threads that read the pictures of a batch each, ahead of the model.
        give_up_after: so many samples without one answer that can be read end the run; None for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[BatchSize | None, Field(description="an integer above 0, or null for all")]
    labels_from: Annotated[Literal["regrounded", "released"], Field(description="regrounded or released")]
    model: ModelParams
    sampling: SamplingParams
    seed: Annotated[int, Field(strict=True, ge=0, description="an integer")]
    max_tries: Annotated[int, Field(strict=True, ge=1, description=_WHOLE)]
    max_objects: Annotated[int, Field(strict=True, ge=1, description=_WHOLE)]
    is_constrained: Annotated[bool, Field(strict=True, description="true or false")]
    batch_size: BatchSize
    readers: BatchSize
    give_up_after: Annotated[BatchSize | None, Field(description="an integer above 0, or null for never")]

    @property
    def settings(self) -> GroundSettings:
        """How objects are asked for."""
        return GroundSettings(self.seed, self.max_tries, self.max_objects, self.is_constrained)


class GroundParams(BaseModel):
    """The parameters of grounding.

    Attributes:
        ground: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ground: GroundGroup
