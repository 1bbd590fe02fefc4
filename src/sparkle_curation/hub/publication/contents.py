"""What a published repository holds, by path; each file is bytes, or is written when its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sparkle_curation.spec.layout import PROMPTS_FOLDER
from sparkle_curation.variant.card.writing import CARD_NAME
from sparkle_curation.variant.record import RECORD_NAME

CROISSANT_NAME = "croissant.json"
SAMPLES, REFERENCES, WEBDATASET, PREVIEW = "samples", "references", "webdataset", "preview"
"""Folders; the annotations for Kiwi-Edit lie in the folder that they have anywhere."""

FOLDERS = (SAMPLES, REFERENCES, WEBDATASET, PREVIEW, PROMPTS_FOLDER)
NAMES = (CARD_NAME, CROISSANT_NAME, RECORD_NAME)

Content = bytes | Callable[[BinaryIO], None]


@dataclass(frozen=True)
class Publication:
    """All files of a repository, which belong together.

    Attributes:
        files: by path.
        version: of the variant.
        notes: what whoever publishes should know, a sentence each.
        unfilled: members of responsible AI that nobody has said anything for.
    """

    files: Mapping[str, Content]
    version: str
    notes: tuple[str, ...] = ()
    unfilled: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedFolder:
    """A publication as it lies on this machine.

    Attributes:
        root: the folder.
        paths: its files below it, sorted.
    """

    root: Path
    paths: tuple[str, ...]


def is_ours(path: str) -> bool:
    """Whether a path of a repository is one that a publication may write and take away.

    >>> is_ours("samples/x.parquet"), is_ours(".gitattributes")
    (True, False)
    """
    return path in NAMES or path.partition("/")[0] in FOLDERS
