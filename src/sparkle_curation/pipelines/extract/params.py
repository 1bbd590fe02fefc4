"""The parameters of extracting, as ``conf/base/extract/parameters.yml`` declares them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sparkle_curation.extraction.settings import ExtractSettings


class ExtractParams(BaseModel):
    """The parameters of extracting.

    Attributes:
        extract: all of them, in a group of their own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extract: ExtractSettings
