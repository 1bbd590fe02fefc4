"""The parameters of publishing, as ``conf/base/publish/parameters.yml`` declares them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sparkle_curation.hub.settings import PublishSettings


class PublishParams(BaseModel):
    """The parameters of publishing.

    Attributes:
        publish: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    publish: PublishSettings
