"""What is asked for of the hub: which repository, which part of it, where to."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from sparkle_curation.engine.param_types import LocalFolder, words
from sparkle_curation.hub.publication.responsible_ai import MEMBERS
from sparkle_curation.hub.wanted_files import KINDS
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.licences import UNKNOWN
from sparkle_curation.spec.themes import THEMES

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_REPOSITORY_MEANING = "OWNER/NAME of a dataset on the hub, or null"
_REVISION_MEANING = "a commit (40 hexadecimal digits), branch or tag of the repository, or null"
_THEMES_MEANING = (
    f"themes of the dataset, each of {', '.join(THEMES)}, as a list or separated by blanks, or null"
)
_KINDS_MEANING = f"at least one of {', '.join(KINDS)}, as a list or separated by blanks, or null"


def _check_repository(name: str | None) -> str | None:
    if name is not None and not _REPOSITORY.fullmatch(name):
        raise ValueError(_REPOSITORY_MEANING)
    return name


def _check_some(items: list[str] | None) -> list[str] | None:
    if items is not None and not items:
        raise ValueError("at least one, or null")
    return items


RepositoryName = Annotated[
    str | None, Field(strict=True, description=_REPOSITORY_MEANING), AfterValidator(_check_repository)
]
Revision = Annotated[
    Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9_./-]{1,200}$")] | None,
    Field(description=_REVISION_MEANING),
]


class DownloadSettings(BaseModel):
    """What a download brings.

    Attributes:
        repository: on the hub; None for the one of the dataset's description.
        revision: of it; None for the newest commit.
        folder: where to; None for a place in the data root.
        themes: of the files; None for all.
        kinds: of the files; None for texts, and with ``needed_by_variant`` the videos of its pairs too.
        needed_by_variant: whether of media only what holds assets of the variant is brought.
        files_at_once: connections.
        verify: whether files that were verified before are read again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: RepositoryName = None
    revision: Revision = None
    folder: LocalFolder = None
    themes: Annotated[
        list[str] | None,
        AfterValidator(_check_some),
        words(THEMES.__contains__, _THEMES_MEANING),
        Field(description=_THEMES_MEANING),
    ] = None
    kinds: Annotated[
        list[str] | None,
        AfterValidator(_check_some),
        words(KINDS.__contains__, _KINDS_MEANING),
        Field(description=_KINDS_MEANING),
    ] = None
    needed_by_variant: StrictBool = False
    files_at_once: Annotated[int, Field(strict=True, ge=1, le=64, description="an integer of 1 to 64")] = 4
    verify: StrictBool = False

    @property
    def repository_name(self) -> str:
        """The repository that is meant; empty where neither says one."""
        return self.repository or dataset().repository or ""

    @property
    def curate_command(self) -> str:
        """What makes tables and a variant of the release that is meant, before its media are here."""
        revision = f"@{self.revision.replace('/', '%2F')}" if self.revision else ""
        root = f"hf://datasets/{self.repository_name or 'OWNER/NAME'}{revision}"
        return f"kedro run --pipelines curate --params release_root={root}"


_LICENCES = f"ids of licences, such as cc-by-4.0, or {UNKNOWN}, as a list or separated by blanks, or null"
_ASSET_KINDS = f"at least one of {', '.join(ASSET_KINDS)}, as a list or separated by blanks"
_RESPONSIBLE = f"a text each for some of {', '.join(MEMBERS)}"
_COMMIT_MEANING = "the 40 hexadecimal digits of a commit, or null"


def _check_members(said: dict[str, str]) -> dict[str, str]:
    if not set(said) <= set(MEMBERS):
        raise ValueError(_RESPONSIBLE)
    return said


class PublishSettings(BaseModel):
    """What is published, where, and with whose consent.

    Attributes:
        repository: on the hub; None for nowhere: the files are made, and nothing is compared.
        confirm: whether anything is uploaded.
        public: whether others may see a repository that is made, or is there already.
        release_repository: where on the hub the release is; None for what ``release_root`` or the description says.
        release_commit: of the release; None for what ``release_root`` says.
        kinds: of assets that are referred to; None for the videos of a pair.
        check_references: whether the hub is asked if its files have the lengths that the tables know.
        media_licences: licences whose videos may be passed on; None for none.
        webdataset: whether there are shards with videos.
        webdataset_kinds: of assets that stand in the shards beside the videos; None for none.
        shard_bytes: bytes of media in one.
        preview_pairs: pairs of each split whose videos can be looked at.
        responsible_ai: text by member of Croissant's vocabulary, for what no record says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: RepositoryName = None
    confirm: StrictBool = False
    public: StrictBool = False
    release_repository: RepositoryName = None
    release_commit: Annotated[
        Annotated[str, Field(strict=True, pattern=r"^[0-9a-f]{40}$")] | None,
        Field(description=_COMMIT_MEANING),
    ] = None
    kinds: Annotated[
        list[str] | None,
        AfterValidator(_check_some),
        words(ASSET_KINDS.__contains__, _ASSET_KINDS),
        Field(description=_ASSET_KINDS),
    ] = None
    check_references: StrictBool = True
    media_licences: Annotated[
        list[str] | None,
        AfterValidator(_check_some),
        words(lambda _word: True, _LICENCES),
        Field(description=_LICENCES),
    ] = None
    webdataset: StrictBool = False
    webdataset_kinds: Annotated[
        list[str] | None,
        AfterValidator(_check_some),
        words(ASSET_KINDS.__contains__, _ASSET_KINDS),
        Field(description=_ASSET_KINDS),
    ] = None
    shard_bytes: Annotated[
        int, Field(strict=True, ge=1, le=50_000_000_000, description="an integer of 1 to 50000000000")
    ] = 1_000_000_000
    preview_pairs: Annotated[int, Field(strict=True, ge=0, le=100, description="an integer of 0 to 100")] = 0
    responsible_ai: Annotated[
        dict[str, str], AfterValidator(_check_members), Field(description=_RESPONSIBLE)
    ] = Field(default_factory=dict)

    @property
    def has_media(self) -> bool:
        """Whether videos are published."""
        return self.webdataset or self.preview_pairs > 0
