"""The parameters of finding near duplicates, as ``conf/base/near_duplicates/parameters.yml`` declares them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sparkle_curation.engine.param_types import BatchSize, Processes
from sparkle_curation.variant.sample_groups import LikenessParams


class NearDuplicatesGroup(LikenessParams):
    """When two first frames are taken for one clip's, and with how many processes they are read.

    Attributes:
        processes: how many; None for one a core.
        batch_size: frames that are read between two writes to the journal.
    """

    processes: Processes
    batch_size: BatchSize


class NearDuplicatesParams(BaseModel):
    """The parameters of finding near duplicates.

    Attributes:
        near_duplicates: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    near_duplicates: NearDuplicatesGroup
