"""Every output that is kept is described in docs/tables.md, where it lies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kedro.config import AbstractConfigLoader
from kedro.io import CatalogConfigResolver
from kedro.pipeline import Pipeline

PLACE = re.compile(
    r"^## (?P<table>\S+)\n\n(?:File|Folder): `(?P<file>[^`]+)`|^\| `(?P<output>[^`]+)` \| `(?P<path>[^`]+)` \|",
    re.MULTILINE,
)
"""A heading with its file, or a row of the other outputs."""


def places(page: str) -> dict[str, str]:
    """Output -> its file below the data root, as the page says it."""
    found = (match.groupdict() for match in PLACE.finditer(page))
    return {each["table"] or each["output"]: each["file"] or each["path"] for each in found}


def undescribed(page: str, entries: Mapping[str, Mapping[str, Any]], outputs: Iterable[str]) -> list[str]:
    """Kept outputs that the page does not have under their name or factory, with the file of their entry."""
    described = places(page)
    faults = []
    for name in outputs:
        entry = _entry_of(name, entries)
        if entry is None or "filepath" not in entries[entry]:
            continue
        file = str(entries[entry]["filepath"]).removeprefix("data/")
        known = {described.get(name), described.get(entry)}
        if file not in known and _filled(file, entry, name) not in known:
            faults.append(f"{name}: {file}")
    return sorted(faults)


def _entry_of(name: str, entries: Mapping[str, Mapping[str, Any]]) -> str | None:
    if name in entries:
        return name
    factories = CatalogConfigResolver(config={entry: {"type": "MemoryDataset"} for entry in entries})
    return factories.match_dataset_pattern(name)


def _filled(file: str, pattern: str, name: str) -> str:
    """The file of a factory, for the dataset of a name: its one placeholder filled in."""
    before, _, rest = pattern.partition("{")
    placeholder, _, after = rest.partition("}")
    return file.replace(f"{{{placeholder}}}", name.removeprefix(before).removesuffix(after)) if rest else file


def test_every_kept_output_is_described(
    checkout: Path, base_config: AbstractConfigLoader, registered: dict[str, Pipeline]
) -> None:
    """What a registered pipeline writes, and each journal, stands in the page with the file of its entry."""
    entries = {name: entry for name, entry in base_config["catalog"].items() if not name.startswith("_")}
    journals = [name for name, entry in entries.items() if entry["type"].endswith("JournalDataset")]
    outputs = {name for pipeline in registered.values() for name in pipeline.all_outputs()} | {*journals}
    page = (checkout / "docs" / "tables.md").read_text(encoding="utf-8")
    assert len(journals) > 1
    assert undescribed(page, entries, outputs) == []


def test_an_undescribed_output_is_found() -> None:
    """An output without a place, one at another place, and one of a factory are named; others are not."""
    rows = ["| `report` | `r.csv` | x |", "| `one_scores` | `s/one.parquet` | x |"]
    page = "\n".join(["## table", "", "File: `a.parquet`. Grain: one row.", "", *rows])
    entries = {
        "table": {"filepath": "data/a.parquet"},
        "report": {"filepath": "data/moved.csv"},
        "spare": {"filepath": "data/spare.csv"},
        "memory": {},
        "{stage}_scores": {"filepath": "data/s/{stage}.parquet"},
    }
    outputs = ["table", "report", "spare", "memory", "one_scores", "two_scores"]
    assert undescribed(page, entries, outputs) == [
        "report: moved.csv",
        "spare: spare.csv",
        "two_scores: s/{stage}.parquet",
    ]
