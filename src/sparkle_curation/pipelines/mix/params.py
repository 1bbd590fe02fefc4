"""The parameters of ``mix``, as ``conf/base/mix/parameters.yml`` declares them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sparkle_curation.mixing.params import MixGroup


class MixParams(BaseModel):
    """The parameters of mixing.

    Attributes:
        mix: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mix: MixGroup
