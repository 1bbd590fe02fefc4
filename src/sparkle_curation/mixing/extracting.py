"""The media of a mix: each member's out of its own release, into the folder of its name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from sparkle_curation.errors import EmptyOutputError, MissingTableError, ParameterError
from sparkle_curation.extraction.extracting import extract
from sparkle_curation.extraction.manifest import parts_of
from sparkle_curation.extraction.media_folder import MediaFolder
from sparkle_curation.extraction.settings import ExtractSettings, as_folder
from sparkle_curation.ingest.remote_files import remote_access
from sparkle_curation.mixing.own_process import do_in_process
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS

logger = logging.getLogger(__name__)

_HELD = ("linked", "copied", "there")
"""Outcomes of files that are in the folder after a run."""


def extract_members(wanted: pl.DataFrame, media: MediaFolder, settings: ExtractSettings) -> pl.DataFrame:
    """Bring the media of each member, as ``extract`` does for one release; counts by ``member`` too.

    Each member's folder has a manifest of its own. ``max_bytes`` bounds all of them together, in the order of the table.

    Args:
        wanted: ``MIX_MEDIA_COLUMNS``; without columns where there is no mix.
        media: the folder that they go to, and how releases are reached.
        settings: as for one release; ``extracted_root`` has a folder for each member.

    Raises:
        MissingTableError: no mix was made.
        EmptyOutputError: it wants no media.
        ParameterError: it is not known where the release of a member lies.
        SparkleError: what extracting a member ends with; those before it are there.
    """
    if "member" not in wanted.columns:
        raise MissingTableError(
            "There is no mix, so it is not known which media are wanted",
            where="mix_media",
            todo="make it first: kedro run --pipelines mix",
        )
    if wanted.is_empty():
        raise EmptyOutputError(
            "The mix wants no media", where="mix_media", todo="make it again: kedro run --pipelines mix"
        )
    folder = as_folder(settings.folder) if settings.folder else media.folder.absolute()
    members = [rows for _, rows in wanted.group_by("member", maintain_order=True)]
    for rows in members:
        _check_release(rows)
    if settings.verify:
        members = _brought(members, folder)
    left, counts = settings.max_bytes, []
    for rows in members:
        name = rows["member"][0]
        if left is not None and left < 1:
            logger.warning("extract: extract.max_bytes leaves nothing for %s", name)
            continue
        found = _extract_member(name, rows, media, settings.model_copy(update={"max_bytes": left}), folder)
        counts.append(found)
        if left is not None:
            left -= int(found.filter(pl.col("outcome").is_in(_HELD))["size_bytes"].sum())
    logger.info("extract: a mix of %s members. Train with --dataset_base_path %s", len(counts), folder)
    return pl.concat(counts)


def _brought(members: list[pl.DataFrame], folder: Path) -> list[pl.DataFrame]:
    """The members of which something was brought: the others are told, and where there are none all are asked for."""
    there = [bool(parts_of(folder / rows["member"][0])) for rows in members]
    for rows, is_there in zip(members, there, strict=True):
        if not is_there and any(there):
            logger.warning("extract: nothing of %s was brought to %s", rows["member"][0], folder)
    return [rows for rows, is_there in zip(members, there, strict=True) if is_there or not any(there)]


def _check_release(rows: pl.DataFrame) -> None:
    name = rows["member"][0]
    if rows["release_root"][0] is None:
        raise ParameterError(
            f"It is not known where the release of the member {name} lies",
            where=f"mix.members.{name}.release_root",
            got="null: no globals.yml of its environment says so, or the address holds a secret",
            allowed="a local folder or fsspec URL; what opens it stands in conf/local/credentials.yml",
            todo="make the mix again with it: "
            f"kedro run --pipelines mix --params mix.members.{name}.release_root=/path/to/it",
        )


def _extract_member(
    name: str, rows: pl.DataFrame, media: MediaFolder, settings: ExtractSettings, folder: Path
) -> pl.DataFrame:
    data_root, release_root, description = rows.select("data_root", "release_root", "description").row(0)
    roots = {"folder": str(folder / name)}
    if settings.extracted_root:
        roots["extracted_root"] = str(as_folder(settings.extracted_root) / name)
    request = {
        "settings": settings.model_copy(update=roots).model_dump(mode="json"),
        "release_root": release_root,
        "remote": media.access.settings.model_dump(mode="json"),
        "storage": dict(media.access.storage),
        "converted": str(Path(data_root) / "01_raw" / "converted"),
    }
    with TemporaryDirectory(prefix="mix_") as temporary:
        rows.select(field.name for field in ASSET_COLUMNS).write_parquet(Path(temporary) / "wanted.parquet")
        do_in_process("extract", name, description, Path(temporary), request)
        found = pl.read_parquet(Path(temporary) / "counts.parquet")
    return found.select(pl.lit(name).alias("member"), *found.columns)


def extract_here(request: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Bring the media of one member, in a process that works with its description.

    Args:
        request: ``settings``, ``release_root``, ``remote``, ``storage``, ``converted``.
        folder: has ``wanted.parquet``, and gets ``counts.parquet``.
    """
    settings = ExtractSettings.model_validate(request["settings"])
    access = remote_access(request["remote"], request["storage"], request["converted"])
    media = MediaFolder(request["release_root"], as_folder(str(settings.folder)), access)
    wanted = pl.read_parquet(folder / "wanted.parquet")
    counts = extract(wanted, media.open_release, media.folder, settings, media.folder.parent)
    counts.write_parquet(folder / "counts.parquet")
    return {}
