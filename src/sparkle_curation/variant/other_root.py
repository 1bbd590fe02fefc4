"""What a curation left in another data root, read without the description of its dataset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from sparkle_curation.engine.io.format_version import without_format_version
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.engine.io.parquet import scan_parquet
from sparkle_curation.errors import MissingTableError, VersionError
from sparkle_curation.spec.layout import TRAIN, VAL
from sparkle_curation.spec.training_csv import parse_training_csv

_HASHES = ("id", "theme", "frame_hash", "fine_hash", "detail")
_IS_VAL = re.compile(rf"(?<![a-z]){VAL}(?![a-z])")


def read_samples(folder: Path, todo: str) -> pl.DataFrame:
    """``id``, ``prompt``, ``src_video``, ``tgt_video``, ``split``, ``file``, by the names of the CSVs.

    Args:
        folder: of the variant.
        todo: what to do where there is none, as for the other functions.

    Raises:
        VersionError: it holds no variant, or one that cannot be read or has a sample twice.
    """
    paths = sorted(folder.rglob("*.csv")) if folder.is_dir() else []
    if not paths:
        raise VersionError(
            "The other data root has no variant",
            where=folder,
            got="no training CSV",
            allowed="what a curation exports",
            todo=todo,
        )
    frames = []
    for path in paths:
        try:
            rows = parse_training_csv(path.read_bytes())
        except pl.exceptions.PolarsError as error:
            raise VersionError(
                "A training CSV of the other data root cannot be read",
                where=path,
                got=str(error).partition("\n")[0],
                allowed="prompt, src_video, tgt_video, task, as this project writes them",
                todo=todo,
            ) from None
        split = VAL if _IS_VAL.search(path.stem) else TRAIN
        frames.append(rows.with_columns(pl.lit(split).alias("split"), pl.lit(path.name).alias("file")))
    samples = pl.concat(frames)
    _check_unique(samples["id"], folder, todo)
    return samples


def read_other_record(path: Path, todo: str) -> Mapping[str, Any]:
    """The members of a variant's record; none where there is none.

    Raises:
        VersionError: it cannot be read.
        FormatVersionError: it is of a later version of this project.
    """
    if not path.is_file():
        return {}
    try:
        return without_format_version(read_json(path.read_bytes()), where=path, made_by="filter")
    except (ValueError, AttributeError) as error:
        raise VersionError(
            "The record of the other variant cannot be read", where=path, got=str(error), todo=todo
        ) from None


def read_hashes(path: Path, todo: str) -> pl.DataFrame:
    """``id``, ``theme``, ``frame_hash``, ``fine_hash``, ``detail`` of each sample that ``near_duplicates`` has hashed.

    Raises:
        VersionError: there are none, they cannot be read, or have a sample twice.
    """
    try:
        hashes = scan_parquet(path, made_by="near_duplicates").select(_HASHES).collect()
    except (MissingTableError, pl.exceptions.PolarsError) as error:
        raise VersionError(
            "The other data root has no hashes of its first frames",
            where=path,
            got=error.what if isinstance(error, MissingTableError) else str(error).partition("\n")[0],
            allowed="what near_duplicates writes",
            todo=todo,
        ) from None
    _check_unique(hashes["id"], path, todo)
    return hashes


def _check_unique(ids: pl.Series, where: Path, todo: str) -> None:
    if ids.n_unique() != len(ids):
        raise VersionError(
            "A sample stands twice in the other data root",
            where=where,
            got=ids.filter(ids.is_duplicated())[0],
            allowed="each id once",
            todo=todo,
        )
