"""The parameters of writing instructions, as ``conf/base/instruct/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import BatchSize
from sparkle_curation.models.params import ModelParams, SamplingParams
from sparkle_curation.new_samples.instructions.instructing import InstructSettings

_FROM_ONE = "an integer above 0"
_Count = Annotated[int, Field(strict=True, ge=1, description=_FROM_ONE)]
_Seed = Annotated[int, Field(strict=True, ge=0, description="an integer from 0")]


class InstructGroup(BaseModel):
    """Who writes instructions, and from which scenes.

    Attributes:
        limit: most samples; None for all.
        offered: most scenes that a sample may become.
        scene_seed: of which it is offered.
        model: who is asked.
        sampling: how its replies are drawn.
        seed: of the first try.
        max_tries: how often an answer that is none is asked for, each time with the next seed.
        max_words: most words of an edit prompt.
        batch_size: samples between two writes to the journal.
        give_up_after: so many samples without one answer that can be read end the run; None for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: Annotated[BatchSize | None, Field(description="an integer above 0, or null for all")]
    offered: _Count
    scene_seed: _Seed
    model: ModelParams
    sampling: SamplingParams
    seed: _Seed
    max_tries: _Count
    max_words: _Count
    batch_size: BatchSize
    give_up_after: Annotated[BatchSize | None, Field(description=f"{_FROM_ONE}, or null for never")]

    @property
    def settings(self) -> InstructSettings:
        """How it is asked."""
        return InstructSettings(self.seed, self.max_tries, self.max_words)


class InstructParams(BaseModel):
    """The parameters of writing instructions.

    Attributes:
        instruct: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instruct: InstructGroup
