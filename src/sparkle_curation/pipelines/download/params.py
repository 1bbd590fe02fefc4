"""The parameters of downloading, as ``conf/base/download/parameters.yml`` declares them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sparkle_curation.hub.settings import DownloadSettings


class DownloadParams(BaseModel):
    """The parameters of downloading.

    Attributes:
        download: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    download: DownloadSettings
