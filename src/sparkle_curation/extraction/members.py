"""The media of a mix: each member's out of its own release, into the folder of its name."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import polars as pl

from sparkle_curation.errors import EmptyOutputError, MissingTableError, ParameterError
from sparkle_curation.extraction.extracting import extract
from sparkle_curation.extraction.media_folder import MediaFolder
from sparkle_curation.extraction.settings import ExtractSettings, as_folder
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS

logger = logging.getLogger(__name__)

_OF_RELEASE = ("linked", "copied", "there")
"""Outcomes of files that a share holds in the folder."""


def extract_members(wanted: pl.DataFrame, media: MediaFolder, settings: ExtractSettings) -> pl.DataFrame:
    """Bring the media of each member, as ``extract`` does for one release; counts by ``member`` too.

    Each member's folder has a manifest of its own. ``max_bytes`` bounds all of them together, in the order of the table.

    Args:
        wanted: ``MIX_MEDIA_COLUMNS``; without columns where there is no mix.
        media: the folder of a variant's media, beside which those of a mix go, and how releases are reached.
        settings: as for one release; ``extracted_root`` has a folder for each member.

    Raises:
        MissingTableError: no mix was made.
        EmptyOutputError: it wants no media.
        ParameterError: it is not known where the release of a member lies.
    """
    if "member" not in wanted.columns:
        raise MissingTableError(
            "There is no mix, so it is not known which media are wanted",
            where="mix_media",
            todo="make it first: kedro run --pipelines mix; for the media of a variant: --params extract.of=variant",
        )
    if wanted.is_empty():
        raise EmptyOutputError(
            "The mix wants no media", where="mix_media", todo="make it again: kedro run --pipelines mix"
        )
    folder = (
        as_folder(settings.folder) if settings.folder else media.folder.absolute().with_name("extracted_mix")
    )
    left, counts = settings.max_bytes, []
    for (name,), rows in wanted.group_by("member", maintain_order=True):
        if left is not None and left < 1:
            logger.warning("extract: extract.max_bytes leaves nothing for %s", name)
            continue
        own = _of_member(str(name), rows, media)
        chosen = settings.model_copy(
            update={
                "folder": str(folder / str(name)),
                "max_bytes": left,
                "extracted_root": str(as_folder(settings.extracted_root) / str(name))
                if settings.extracted_root
                else None,
            }
        )
        columns = [field.name for field in ASSET_COLUMNS]
        found = extract(rows.select(columns), own.open_release, folder / str(name), chosen)
        counts.append(found.select(pl.lit(name).alias("member"), *found.columns))
        if left is not None:
            left -= int(found.filter(pl.col("outcome").is_in(_OF_RELEASE))["size_bytes"].sum())
    logger.info("extract: of a mix of %s members. Train with --dataset_base_path %s", len(counts), folder)
    return pl.concat(counts)


def _of_member(name: str, rows: pl.DataFrame, media: MediaFolder) -> MediaFolder:
    data_root, release_root = rows.select("data_root", "release_root").row(0)
    if release_root is None:
        raise ParameterError(
            f"It is not known where the release of the member {name} lies",
            where=f"mix.members.{name}.release_root",
            got="null, and no globals.yml of its environment says so",
            allowed="a local folder or fsspec URL",
            todo=f"make the mix again with it: kedro run --pipelines mix --params mix.members.{name}.release_root=/path/to/it",
        )
    converted = str(Path(data_root) / "01_raw" / "converted")
    return MediaFolder(release_root, media.folder, replace(media.access, converted=converted))
