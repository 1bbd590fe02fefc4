"""A release where it lies on the hub: its commit, and which of its files a download brings."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import MissingTableError, ParameterError, ReleaseError
from sparkle_curation.hub.client import Hub, HubFile, HubRepository
from sparkle_curation.hub.settings import DownloadSettings
from sparkle_curation.hub.wanted_files import (
    GROUPS,
    WantedFile,
    choose,
    expand_kinds,
    find_needed,
    sort_files,
)
from sparkle_curation.spec.themes import THEMES


def find_release(hub: Hub, name: str, revision: str | None) -> HubRepository:
    """The repository at one commit, which stays the same while files are brought.

    Raises:
        ParameterError: nobody says which repository.
        ReleaseError: there is none, or it has no such revision.
        ServerError: the hub does not say.
    """
    if not name:
        raise ParameterError(
            "It is not known where on the hub the release is",
            where="download.repository, or repository of dataset.yml",
            got="null",
            allowed="OWNER/NAME",
            todo="say it: --params download.repository=OWNER/NAME",
        )
    found = hub.find(name, revision)
    if found is None:
        raise ReleaseError(
            "The hub has no such dataset, or this user may not see it",
            where=f"{hub.endpoint}/datasets/{name}",
            got="nothing",
            allowed="the repository of a dataset",
            todo="see how it is written on its page: --params download.repository=OWNER/NAME; a private one needs a token "
            "that may read it, in HF_TOKEN or as api_key of hub in conf/local/credentials.yml",
        )
    return found


def choose_files(
    files: Sequence[HubFile], settings: DownloadSettings, variant_ids: pl.DataFrame, assets: AnyFrame
) -> list[WantedFile]:
    """The files that the settings ask for, in the order in which they come.

    Args:
        files: of the repository.
        settings: which.
        variant_ids: with ``id``; without columns where there is no variant.
        assets: as ingested; without columns where nothing was.

    Raises:
        MissingTableError: what the variant needs is asked for, and nobody knows it.
        StaleTableError: the tables name files that the repository does not have.
        EmptyOutputError: there are no such files.
    """
    default = [*GROUPS["text"], *(GROUPS["videos"] if settings.needed_by_variant else [])]
    kinds = expand_kinds(settings.kinds or default)
    themes = settings.themes or list(THEMES)
    needed = None
    if settings.needed_by_variant:
        _check_known(variant_ids, assets, settings.curate_command)
        ids = variant_ids["id"]
        needed = find_needed(ids, assets.lazy().filter(pl.col("theme").is_in(themes)), kinds)
    return choose(sort_files(files), themes, kinds, needed, settings.curate_command)


def _check_known(variant_ids: pl.DataFrame, assets: AnyFrame, curate: str) -> None:
    for table, name in ((variant_ids, "the variant"), (assets, "assets")):
        if "id" not in table.lazy().collect_schema().names():
            raise MissingTableError(
                f"It is not known what the variant needs: {name} {'is' if table is variant_ids else 'are'} not there",
                where="variant" if table is variant_ids else "assets",
                todo="make the variant from the release on the hub, of which the texts and the tars' headers are read: "
                f"{curate}",
            )
