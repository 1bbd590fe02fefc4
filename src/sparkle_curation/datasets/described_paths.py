"""Paths of tables of which the description of the dataset says how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sparkle_curation.spec.stages import STAGE_NAMES
from sparkle_curation.spec.tables.ingested import COLUMNS

_NAMES = {"{stage}": STAGE_NAMES, "{table}": tuple(COLUMNS)}


def described_paths(filepaths: Mapping[str, str]) -> dict[str, Path]:
    """The paths by the name of their table, an entry with ``{stage}`` or ``{table}`` once for each scored stage or table.

    >>> list(described_paths({"{stage}_scores": "{stage}.parquet"})) == [f"{name}_scores" for name in STAGE_NAMES]
    True
    """
    paths = {}
    for name, path in filepaths.items():
        place = next((each for each in _NAMES if each in name), "")
        for filled in _NAMES.get(place, ("",)):
            paths[name.replace(place, filled) if place else name] = Path(
                path.replace(place, filled) if place else path
            )
    return paths
