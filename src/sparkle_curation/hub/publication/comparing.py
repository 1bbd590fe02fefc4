"""What publishing comes to: each file compared with the repository as it is, told before anything is uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl

from sparkle_curation.errors import ParameterError
from sparkle_curation.hub.client import Hub, HubRepository
from sparkle_curation.hub.download_folder import has_content
from sparkle_curation.hub.publication.contents import PublishedFolder, is_ours
from sparkle_curation.hub.settings import PublishSettings
from sparkle_curation.variant.record import RECORD_NAME

_OF_THE_HUB = frozenset({".gitattributes", "README.md"})
"""What a repository may have that is empty but for its making."""


class Action(StrEnum):
    """What becomes of a file."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    GONE = "gone"
    """In the repository, and no more in the publication."""


@dataclass(frozen=True)
class PublishPlan:
    """What is to be uploaded to which repository.

    Attributes:
        name: of the repository; empty where nobody said one.
        repository: as it is now; None where it is to be made.
        root: folder of the publication.
        table: one row per file: ``path, action, size_bytes``.
        notes: what whoever publishes should know.
    """

    name: str
    repository: HubRepository | None
    root: Path
    table: pl.DataFrame
    notes: tuple[str, ...]
    is_private: bool

    def paths(self, *actions: Action) -> list[str]:
        """The files of some actions."""
        return self.table.filter(pl.col("action").is_in([str(each) for each in actions]))["path"].to_list()

    @property
    def upload_bytes(self) -> int:
        """Bytes that are to be uploaded."""
        changed = self.table.filter(pl.col("action").is_in([str(Action.NEW), str(Action.CHANGED)]))
        return int(changed["size_bytes"].sum())

    def describe(self) -> str:
        """The plan in lines."""
        state = "is made" if self.repository is None else f"is at {self.repository.commit}"
        lines = [
            "Publish",
            f"  to               {self.name or 'nowhere: publish.repository is not set'}",
            *(
                [f"  repository       {'private' if self.is_private else 'PUBLIC'}, {state}"]
                if self.name
                else []
            ),
            f"  files            {self.root}",
        ]
        for action in Action:
            of_action = self.table.filter(pl.col("action") == str(action))
            if of_action.height:
                lines.append(
                    f"  {action:<16} {of_action.height:>6,} files {int(of_action['size_bytes'].sum()):>16,} bytes"
                )
        return "\n".join([*lines, *(f"  note             {note}" for note in self.notes)])


def make_publish_plan(
    published: PublishedFolder, hub: Hub, settings: PublishSettings, release: str, notes: tuple[str, ...]
) -> PublishPlan:
    """Each file of the publication and of the repository, compared by its bytes.

    Args:
        published: as it lies on this machine.
        hub: asked where a repository is named.
        settings: which.
        release: repository of the release, which is never published to.
        notes: what to tell with it.

    Raises:
        ParameterError: the repository is the release, holds something else, or is public and nobody said that it may be.
        ServerError: the hub does not say what is there.
    """
    name = settings.repository or ""
    found = hub.find(name) if name else None
    _check_repository(name, found, settings, release)
    there = {file.path: file for file in hub.files(name, found.commit)} if found else {}
    if there and RECORD_NAME not in there and not set(there) <= _OF_THE_HUB:
        raise ParameterError(
            "The repository holds something that is no published variant",
            where=name,
            got=f"{len(there):,} files without {RECORD_NAME}, {min(there)} among them",
            allowed="a new name, an empty repository, or one that was published to before",
            todo="give another one: --params publish.repository=OWNER/NAME",
        )
    rows = []
    for path in published.paths:
        file = published.root / path
        is_same = path in there and has_content(file, there[path])
        action = Action.SAME if is_same else Action.CHANGED if path in there else Action.NEW
        rows.append((path, str(action), file.stat().st_size))
    gone = [file for path, file in there.items() if is_ours(path) and path not in set(published.paths)]
    rows += [(file.path, str(Action.GONE), file.size) for file in gone]
    schema = {"path": pl.String, "action": pl.String, "size_bytes": pl.Int64}
    is_private = found.is_private if found else not settings.public
    if found and found.is_private and settings.public:
        notes = (*notes, "The repository is private and stays so: its owner makes it public on its page.")
    return PublishPlan(
        name, found, published.root, pl.DataFrame(rows, schema=schema, orient="row"), notes, is_private
    )


def _check_repository(
    name: str, found: HubRepository | None, settings: PublishSettings, release: str
) -> None:
    if name and name == release:
        raise ParameterError(
            "A variant cannot be published into the release that it is made of",
            where="publish.repository",
            got=name,
            allowed="a repository of its own",
            todo="give another one: --params publish.repository=OWNER/NAME",
        )
    if found and not found.is_private and not settings.public:
        raise ParameterError(
            "The repository is public, and nobody said that the variant may be",
            where=name,
            got="public",
            allowed="a private repository, or publish.public=true",
            todo="make it private on its page; or, if everybody may see the variant: --params publish.public=true",
        )
