"""What is extracted, where to, and how."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from sparkle_curation.engine.param_types import LocalFolder

MAX_SHARDS = 100_000
_SHARD = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})")
_SHARD_MEANING = (
    f"I/N, such as 1/4: share I of N, with I of 1 to N, and N up to {MAX_SHARDS}; or null for all"
)
_COUNT_MEANING = "an integer above 0, or null"


class Shard(NamedTuple):
    """One of ``of`` shares of the work, numbered from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


class Of(StrEnum):
    """What wants the media."""

    VARIANT = "variant"
    MIX = "mix"


class Mode(StrEnum):
    """Where members of tars come from."""

    COPY = "copy"
    LINK = "link"


def parse_shard(text: str | None) -> Shard:
    """The share that a text means; all of it for None.

    Raises:
        ValueError: it means none.

    >>> parse_shard("2/4"), parse_shard(None)
    (Shard(number=2, of=4), Shard(number=1, of=1))
    """
    found = _SHARD.fullmatch(text or "1/1")
    shard = Shard(int(found[1]), int(found[2])) if found else None
    if shard is None or shard.number > shard.of or shard.of > MAX_SHARDS:
        raise ValueError(_SHARD_MEANING)
    return shard


def _check_shard(text: str | None) -> str | None:
    parse_shard(text)
    return text


class ExtractSettings(BaseModel):
    """What is extracted, where to, and how.

    Attributes:
        of: what wants the media: the variant's training kit, or a mix.
        folder: where to; None for the data root's own.
        mode: whether members of tars are copied out of them, or linked from where the tars are extracted already.
        extracted_root: that place, in which the paths of the training CSVs resolve; with ``mode`` link.
        loose: whether loose files of a local release are linked or copied.
        shard: which share of the work this run does.
        max_bytes: what the folder may hold of this share at most, in whole samples; None for any.
        threads: how many read and write; None for some that fit the release.
        prune: whether files that are wanted no more are removed.
        verify: whether the folder is only compared with its manifest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Annotated[Of, Field(description="variant or mix")] = Of.VARIANT
    folder: LocalFolder = None
    mode: Annotated[Mode, Field(description="copy or link")] = Mode.COPY
    extracted_root: LocalFolder = None
    loose: Annotated[Mode, Field(description="link or copy")] = Mode.LINK
    shard: Annotated[
        str | None, Field(strict=True, description=_SHARD_MEANING), AfterValidator(_check_shard)
    ] = None
    max_bytes: Annotated[int | None, Field(ge=1, description=_COUNT_MEANING)] = None
    threads: Annotated[int | None, Field(ge=1, le=256, description="an integer of 1 to 256, or null")] = None
    prune: StrictBool = False
    verify: StrictBool = False


def as_folder(text: str) -> Path:
    """The folder of a parameter, absolute; ``~`` is the home folder, as a shell takes it."""
    return Path(text).expanduser().absolute()
