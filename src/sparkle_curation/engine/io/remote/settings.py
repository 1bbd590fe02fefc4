"""How many requests a run has under way at a server, and how patient it is with one."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_MOST_REQUESTS = 256


class RemoteSettings(BaseModel):
    """How parts of files behind a server are asked for; files of this machine are read as they are.

    Attributes:
        requests: how many are under way at once, those of all processes of a run together.
        retries: how often one is sent again that the server was too busy for, failed at or left unfinished.
        timeout_s: seconds that one may take.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: Annotated[
        int, Field(strict=True, ge=1, le=_MOST_REQUESTS, description=f"an integer from 1 to {_MOST_REQUESTS}")
    ] = 64
    retries: Annotated[int, Field(strict=True, ge=0, le=20, description="an integer from 0 to 20")] = 5
    timeout_s: Annotated[float, Field(gt=0, le=3600, description="seconds, above 0 and at most 3600")] = 60.0

    def shared(self, processes: int) -> RemoteSettings:
        """The share of one of some processes that read at once."""
        return self.model_copy(update={"requests": max(1, self.requests // processes)})
