"""The parameters of pruning, as ``conf/base/prune/parameters.yml`` declares them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, StrictBool


class PruneGroup(BaseModel):
    """Whether rows are dropped.

    Attributes:
        is_dry: only say what would be dropped.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_dry: StrictBool


class PruneParams(BaseModel):
    """The parameters of pruning.

    Attributes:
        prune: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prune: PruneGroup
