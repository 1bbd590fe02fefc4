"""Format versions of files: what each says, and files as a newer version of the project would leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from sparkle_curation.engine.io.format_version import FORMAT_VERSION

KEY = b"sparkle.format_version"
NEWER = FORMAT_VERSION + 1


def format_version_of(path: Path) -> Any:
    """What a Parquet or JSON file says of its format; None where it says nothing."""
    if path.suffix == ".parquet":
        found = (pq.read_metadata(path).metadata or {}).get(KEY)
        return None if found is None else int(found)
    document = json.loads(path.read_text(encoding="utf-8"))
    return document.get("format_version") or document.get("layout", {}).get("meta", {}).get("format_version")


def format_versions(data_root: Path) -> dict[str, Any]:
    """File below the data root -> what it says, of all its Parquet and JSON files."""
    paths = sorted(
        path for path in data_root.rglob("*") if path.suffix in {".parquet", ".json"} and path.is_file()
    )
    return {path.relative_to(data_root).as_posix(): format_version_of(path) for path in paths}


def make_newer(path: Path, version: object = NEWER) -> None:
    """Let a Parquet or JSON file be of a later version of the format, its rows or members as they are."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        metadata = {**(table.schema.metadata or {}), KEY: str(version).encode()}
        pq.write_table(table.replace_schema_metadata(metadata), path)
        return
    document = json.loads(path.read_text(encoding="utf-8"))
    place = document["layout"]["meta"] if "layout" in document else document
    place["format_version"] = version
    path.write_text(json.dumps(document), encoding="utf-8")
