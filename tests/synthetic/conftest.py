"""The made release in git, read by plain means: no code of the project reads it here."""

from __future__ import annotations

import csv
import json
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from sparkle_curation.spec.layout import (
    annotations_csv_path,
    intermediate_jsonl_path,
    metadata_jsonl_path,
    parse_asset_path,
)
from sparkle_curation.spec.tables.ingested import JSONL_TABLES


@dataclass(frozen=True)
class MadeRelease:
    """The made release under ``root``."""

    root: Path

    def csv_rows(self, theme: str) -> list[dict[str, str]]:
        """The rows of a theme's training CSV."""
        with (self.root / annotations_csv_path(theme)).open(newline="", encoding="utf-8") as lines:
            return list(csv.DictReader(lines))

    def metadata(self, theme: str) -> list[dict[str, Any]]:
        """The records of a theme's metadata JSONL."""
        return self._records(metadata_jsonl_path(theme))

    def records(self, theme: str, table: str) -> dict[str, dict[str, Any]]:
        """The records of a theme's file for ``table``, by sample id, in the order of the file."""
        path = intermediate_jsonl_path(theme, JSONL_TABLES[table].file_name)
        return {record["id"]: record for record in self._records(path)}

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Every file, by its path from the root."""
        paths = (path for path in sorted(self.root.rglob("*")) if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}

    @cached_property
    def members(self) -> dict[str, dict[str, bytes]]:
        """The members of every shard, by the shard's path and by where extracting in place would put them."""
        return {path: self._members(path) for path in self.files if path.endswith(".tar")}

    @cached_property
    def loose_assets(self) -> dict[str, bytes]:
        """The assets that lie loose, by path."""
        return {path: content for path, content in self.files.items() if parse_asset_path(path)}

    @cached_property
    def assets(self) -> dict[str, bytes]:
        """All assets, loose or in a shard, by path."""
        return {
            **self.loose_assets,
            **{path: body for shard in self.members.values() for path, body in shard.items()},
        }

    def _records(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.root / path).read_text(encoding="utf-8").splitlines()]

    def _members(self, path: str) -> dict[str, bytes]:
        base = "intermediate_data/" if path.startswith("intermediate_data") else ""
        with tarfile.open(self.root / path) as shard:
            contents = [(member.name, shard.extractfile(member)) for member in shard]
            return {base + name: content.read() for name, content in contents if content is not None}


@pytest.fixture(scope="session")
def made_release(sample_release: Path) -> MadeRelease:
    """The small made release that is in git."""
    return MadeRelease(sample_release)
