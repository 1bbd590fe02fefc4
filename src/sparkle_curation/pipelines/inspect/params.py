"""The parameters of inspecting, as ``conf/base/inspect/parameters.yml`` declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sparkle_curation.media.probe.probes import Depth
from sparkle_curation.spec.layout import ASSET_KINDS

_KINDS = "null for all, or asset kinds as a list or separated by spaces: " + ", ".join(ASSET_KINDS)


def _checked(value: object) -> object:
    """The kinds of a list, or of a text: ``--params`` takes no comma, so a list cannot be given there."""
    kinds = value.split() if isinstance(value, str) else value
    if isinstance(kinds, list) and (not kinds or any(kind not in ASSET_KINDS for kind in kinds)):
        raise ValueError(_KINDS)
    return kinds


_DECODED_PART = 16
_YES_OR_NO = "true or false"
_COUNT = "an integer above 0"


class InspectionParams(BaseModel):
    """Which assets are inspected, how deeply, and with how many processes.

    Attributes:
        kinds: asset kinds; None for all.
        decode: whether to decode every frame, and hash it; takes 0.2 s a clip instead of 0.3 ms.
        hash: whether to hash all bytes.
        processes: how many; None for one a core.
        batch_size: assets that are probed between two writes to the journal; a sixteenth of it with ``decode``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: Annotated[list[str] | None, BeforeValidator(_checked), Field(description=_KINDS)]
    decode: Annotated[bool, Field(strict=True, description=_YES_OR_NO)]
    hash: Annotated[bool, Field(strict=True, description=_YES_OR_NO)]
    processes: Annotated[
        Annotated[int, Field(strict=True, ge=1, description=_COUNT)] | None,
        Field(description=f"{_COUNT}, or null for one a core"),
    ]
    batch_size: Annotated[int, Field(strict=True, ge=1, description=_COUNT)]

    @property
    def inspected_kinds(self) -> list[str]:
        """The kinds, in the order of the description where all are meant."""
        return list(ASSET_KINDS) if self.kinds is None else self.kinds

    @property
    def depth(self) -> Depth:
        """How much is read of each asset."""
        if self.decode:
            return Depth.DECODE
        return Depth.HASH if self.hash else Depth.INDEX

    @property
    def assets_per_batch(self) -> int:
        """Assets that are probed between two writes: decoding one takes as long as hundreds of headers."""
        return max(1, self.batch_size // _DECODED_PART) if self.decode else self.batch_size


class InspectParams(BaseModel):
    """The parameters of inspecting.

    Attributes:
        inspect: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inspect: InspectionParams
