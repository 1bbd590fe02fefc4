"""The file beside new clips that says where each is from, and on what terms: a CSV or JSONL; unknown is null and told."""

from __future__ import annotations

import csv
import json
import logging
from pathlib import Path
from typing import Any

import polars as pl

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.errors import FileError
from sparkle_curation.spec.codes.new_sample_codes import ProvenanceFault

logger = logging.getLogger(__name__)

NAMES = ("provenance.csv", "provenance.jsonl")
"""Looked for in the folder of clips where no file is given."""
COLUMNS = ("clip", "theme", "licence", "source_url", "creator")
SCHEMA = dict.fromkeys(COLUMNS, pl.String)
_TOLD = 5


def find_provenance(folder: str, given: str | None) -> Path | None:
    """The file of provenance: the one that is given, else one of ``NAMES`` in the folder; None where there is none.

    Raises:
        FileError: the given one is not there.
    """
    if given is not None:
        path = Path(given).expanduser()
        if not path.is_file():
            raise FileError(
                "The file of provenance is not there",
                where="clips.provenance",
                got=given,
                allowed="a CSV or JSONL file, or null for provenance.csv or provenance.jsonl of the folder of clips",
                todo="give the path of the file, or leave the parameter out",
            )
        return path
    found = [path for name in NAMES if (path := Path(folder).expanduser() / name).is_file()]
    return found[0] if found else None


def read_provenance(path: Path | None) -> pl.DataFrame:
    """``COLUMNS``, a row per clip that the file names; empty cells are null. None gives no rows.

    Args:
        path: of a CSV with a header, or a JSONL of objects; ``clip`` is the clip's path from its folder, as ``new_clips``
            has it. Other columns are passed over, and told.

    Raises:
        FileError: the file cannot be read as what it says, or has no ``clip``.
    """
    if path is None:
        return pl.DataFrame(schema=SCHEMA)
    try:
        text = path.read_text(encoding="utf-8-sig")
        records = _of_csv(text) if path.suffix.lower() == ".csv" else _of_jsonl(text)
    except (OSError, ValueError, csv.Error) as error:
        raise _unreadable(path, f"{type(error).__name__}: {error}") from error
    if records and not any("clip" in record for record in records):
        raise _unreadable(path, f"the columns {', '.join(sorted(records[0]))}")
    others = {name for record in records for name in record} - {*COLUMNS}
    if others:
        logger.warning("provenance: %s are not taken over: %s", path.name, ", ".join(sorted(others)))
    rows = [{name: _cell(record.get(name)) for name in COLUMNS} for record in records]
    return pl.DataFrame(rows, schema=SCHEMA).drop_nulls("clip")


def match_provenance(
    clips: pl.Series, provenance: pl.DataFrame
) -> tuple[pl.DataFrame, dict[ProvenanceFault, list[str]]]:
    """The provenance of the clips that are there, one row each at most, and what is odd: fault -> clips that are named.

    A record that names a clip twice is passed over: the first holds.
    """
    first = provenance.unique("clip", keep="first", maintain_order=True)
    counts = provenance.group_by("clip", maintain_order=True).len()
    odd = {
        ProvenanceFault.NO_SUCH_CLIP: first.filter(~pl.col("clip").is_in(clips.implode()))["clip"].to_list(),
        ProvenanceFault.REPEATED: counts.filter(pl.col("len") > 1)["clip"].to_list(),
    }
    return first.filter(pl.col("clip").is_in(clips.implode())), {k: v for k, v in odd.items() if v}


def tell_provenance(taken: pl.DataFrame, odd: dict[ProvenanceFault, list[str]]) -> None:
    """Log what is odd, and how many clips that were taken have no licence.

    Args:
        taken: ``licence`` of each.
        odd: of ``match_provenance``.
    """
    for fault, names in odd.items():
        shown = ", ".join(names[:_TOLD]) + (" ..." if len(names) > _TOLD else "")
        logger.warning("provenance: %s (%s): %s", fault.value, f"{len(names):,}", shown)
    unknown = taken["licence"].null_count()
    if unknown:
        logger.warning(
            "clips: the licence of %s of %s is unknown; a row of provenance.csv (clip,licence,source_url,creator) tells it",
            f"{unknown:,}",
            f"{taken.height:,}",
        )


def _of_csv(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    return [{name: cell for name, cell in row.items() if name is not None} for row in reader]


def _of_jsonl(text: str) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in text.split("\n") if line.strip()]
    if not all(isinstance(record, dict) for record in records):
        raise ValueError("a line that is no object")
    return records


def _cell(value: object) -> str | None:
    text = storable(str(value)).strip() if value is not None else ""
    return text or None


def _unreadable(path: Path, got: str) -> FileError:
    return FileError(
        "The file of provenance cannot be read",
        where=path,
        got=got,
        allowed="a CSV (UTF-8, a header with clip and any of theme, licence, source_url, creator), or a JSONL of objects "
        "with these members",
        todo="mend it, or give another one: --params clips.provenance=/path/to/provenance.csv",
    )
