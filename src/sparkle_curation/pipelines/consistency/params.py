"""The parameters of checking consistency, as ``conf/base/consistency/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.param_types import BatchSize, Processes, words
from sparkle_curation.media.consistency.batch_measure import Reading

_READINGS = "a list of these, or some of them separated by blanks, or an empty one: " + ", ".join(Reading)


Share = Annotated[
    float | None, Field(ge=0, le=1, allow_inf_nan=False, description="a share of 0 to 1, or null")
]
Levels = Annotated[
    float | None, Field(ge=0, le=255, allow_inf_nan=False, description="levels of 0 to 255, or null")
]


class ConsistencyBounds(BaseModel):
    """What the report holds the measures against: ``min_`` or ``max_`` and the column; None switches one off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_mask_share: Share
    max_mask_share: Share
    min_smallest_mask_share: Share
    max_mask_flicker: Share
    max_mask_jump: Share
    min_boxes_in_mask_share: Share
    min_smallest_box_in_mask_share: Share
    min_mask_in_boxes_share: Share
    max_source_frame0_difference: Levels
    max_edited_frame0_difference: Levels


class ConsistencyGroup(BaseModel):
    """What is read, with how many processes, and what the report calls a failure.

    Attributes:
        readings: what is read beside the headers.
        processes: how many; None for one a core.
        batch_size: samples that are measured between two writes to the journal.
        bounds: of the report alone; the table holds the measures whatever they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    readings: Annotated[
        list[Reading], words(lambda word: word in set(Reading), _READINGS), Field(description=_READINGS)
    ]
    processes: Processes
    batch_size: BatchSize
    bounds: ConsistencyBounds


class ConsistencyParams(BaseModel):
    """The parameters of checking consistency.

    Attributes:
        consistency: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    consistency: ConsistencyGroup
