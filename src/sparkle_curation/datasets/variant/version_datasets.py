"""The versions of code and data that a variant is made with, read where they stand."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.described_paths import described_paths
from sparkle_curation.datasets.previews import json_preview
from sparkle_curation.engine.caching.source_index import kept_json
from sparkle_curation.engine.io.parquet import parquet_files, scan_parquet
from sparkle_curation.variant.provenance import CodeVersion, DataVersion, identify_data

_WATCHED = ("src", "conf")
"""What decides the outcome of a run; a change to a note or a test does not make the code another one."""


class GitRevisionDataset(AbstractDataset[NoReturn, CodeVersion]):
    """The git commit that the project is at; read only.

    Args:
        path: the folder of the project.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            code_version:
              type: sparkle_curation.datasets.GitRevisionDataset
              path: .
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(path)
        self.metadata = metadata

    def load(self) -> CodeVersion:
        """The commit, and whether ``src/`` or ``conf/`` differ from it; no commit where there is no git or checkout."""
        revision = self._ask_git("rev-parse", "HEAD")
        changes = self._ask_git("status", "--porcelain", "--", *_WATCHED) if revision else ""
        return CodeVersion(revision=revision or None, is_dirty=bool(changes))

    def save(self, data: NoReturn) -> None:
        """Not possible: git writes it."""
        raise DatasetError("the revision of the code is git's to change")

    def preview(self) -> JSONPreview:
        """The commit, and whether the code differs from it."""
        return json_preview(asdict(self.load()))

    def _ask_git(self, *arguments: str) -> str:
        """What git answers; empty where it cannot."""
        git = shutil.which("git")
        if git is None:
            return ""
        # No optional locks: asking for the status must not write to a checkout that something else works in.
        command = [git, "-C", str(self._folder), "--no-optional-locks", *arguments]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- fixed words
        return answer.stdout.strip() if answer.returncode == 0 else ""

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._folder)}


class DataVersionDataset(AbstractDataset[NoReturn, DataVersion]):
    """The version of the release that was ingested; read only.

    Args:
        filepaths: the lists of source files of all tables, as Parquet, by the name of their table, see ``described_paths``.
        release: what ingesting noted of the release beside them, as JSON; it may be absent.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            data_version:
              type: sparkle_curation.datasets.DataVersionDataset
              filepaths:
                "{table}": data/02_intermediate/source_files/{table}.parquet
              release: data/02_intermediate/source_files/release.json
    """

    def __init__(
        self,
        *,
        filepaths: dict[str, str],
        release: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._paths = described_paths(filepaths)
        self._noted = Path(release) if release else None
        self.metadata = metadata

    def load(self) -> DataVersion:
        """The version of the data."""
        found = identify_data(
            pl.concat(scan_parquet(path, made_by="ingest") for path in self._paths.values()).collect()
        )
        noted = kept_json(self._noted) if self._noted else {}
        return replace(found, commit=noted.get("commit"))

    def save(self, data: NoReturn) -> None:
        """Not possible: ingesting writes the lists that it comes from."""
        raise DatasetError("the version of the data comes from what was ingested")

    def preview(self) -> JSONPreview:
        """The version of the data."""
        return json_preview(asdict(self.load()) if self._exists() else {})

    def _exists(self) -> bool:
        return all(parquet_files(path) for path in self._paths.values())

    def _describe(self) -> dict[str, Any]:
        return {"filepaths": {name: str(path) for name, path in self._paths.items()}}
