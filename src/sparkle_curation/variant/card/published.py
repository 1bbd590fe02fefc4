"""A card of a variant that is a repository of its own on a hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Published:
    """What a card says more where the variant is a repository of its own.

    Attributes:
        configs: as hubs read them: name and files of each way to load it.
        where: where the videos are, as a sentence begins.
        sections: Markdown that stands before the splits.
    """

    configs: Sequence[Mapping[str, Any]]
    where: str
    sections: str
