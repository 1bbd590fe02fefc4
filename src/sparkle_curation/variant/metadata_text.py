"""The text of a theme's metadata JSONL, to and from a frame.

Source: dataset card, "Training Data Format".
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from sparkle_curation.spec.training_csv import Target

_METADATA_PATH = "$.metadata."
_ROOT_PATH = "$."
_ROWS_AT_ONCE = 1 << 13
"""Few enough for the texts to stay in the processor's caches."""
_METADATA_MEMBERS = ("edit_type", "chosen_keyword", "original_scene")


def write_metadata(samples: pl.DataFrame, target: Target) -> None:
    r"""Write the metadata JSONL of ``samples`` in their order, as ``json.dumps(..., ensure_ascii=False)`` would.

    One line per sample with an ``edit_type``; one without has no metadata in the release, and an imputed line
    would be quarantined when read. A member that is null is left out. Members of ``extra_fields`` whose path
    starts with ``$.`` stand after the known members of their object.

    Args:
        samples: with ``id``, ``prompt``, ``edit_type``, ``chosen_keyword``, ``original_scene``,
            ``extra_fields``.
        target: a new file, or a buffer.
    """
    described = _add_extras(samples.filter(pl.col("edit_type").is_not_null()))
    with target.open("wb") if isinstance(target, Path) else nullcontext(target) as file:
        for rows in described.iter_slices(_ROWS_AT_ONCE):
            # Columns are encoded beside each other; within one expression they would be after each other.
            encoded = rows.select(
                pl.col("_root_extras", "_metadata_extras"),
                *map(_json_text, ("id", "prompt", *_METADATA_MEMBERS)),
            )
            lines = encoded.select(_metadata_line(encoded))
            lines.write_csv(file, include_header=False, quote_style="never")


def _add_extras(samples: pl.DataFrame) -> pl.DataFrame:
    """``samples`` with the text of their further members: ``_root_extras``, ``_metadata_extras``, may be null."""
    extras = samples.select("extra_fields").drop_nulls().unique()
    rendered = [_render_extras(text) for text in extras["extra_fields"]]
    extras = extras.with_columns(
        pl.Series("_root_extras", [root for root, _ in rendered], pl.String),
        pl.Series("_metadata_extras", [inner for _, inner in rendered], pl.String),
    )
    return samples.join(extras, on="extra_fields", how="left", maintain_order="left")


def _metadata_line(encoded: pl.DataFrame) -> pl.Expr:
    """A line, of columns that are JSON already. A text is put together once, but for members that some rows lack."""
    pieces = [
        pl.lit('{"id": '),
        pl.col("id"),
        pl.lit(', "prompt": '),
        pl.col("prompt"),
        pl.lit(', "metadata": {'),
    ]
    for place, name in enumerate(_METADATA_MEMBERS):
        member = [pl.lit(f'{", " if place else ""}"{name}": '), pl.col(name)]
        pieces += [pl.concat_str(member).fill_null("")] if encoded[name].null_count() else member
    for name in ("_metadata_extras", "_root_extras"):
        if encoded[name].null_count() < encoded.height:
            pieces.append(pl.col(name).fill_null(""))
        pieces.append(pl.lit("}"))
    return pl.concat_str(pieces)


def _json_text(column: str) -> pl.Expr:
    """A text column as JSON strings; null stays null."""
    wrapped = pl.struct(pl.col(column).alias("t")).struct.json_encode()
    text = wrapped.str.strip_prefix('{"t":').str.strip_suffix("}")
    return pl.when(pl.col(column).is_not_null()).then(text).alias(column)


def _render_extras(extra_fields: str) -> tuple[str, str]:
    """The members of one ``extra_fields`` for the root and for ``metadata``, each with its leading comma.

    >>> _render_extras('{"$.note": 1, "$.metadata.weight": [2], "csv.split": "x"}')
    (', "note": 1', ', "weight": [2]')
    """
    root, metadata = "", ""
    for path, value in json.loads(extra_fields).items():
        text = _dump(value)
        if path.startswith(_METADATA_PATH):
            metadata += f", {_json_key(path, _METADATA_PATH)}: {text}"
        elif path.startswith(_ROOT_PATH):
            root += f", {_json_key(path, _ROOT_PATH)}: {text}"
    return root, metadata


def _json_key(path: str, parent: str) -> str:
    return _dump(path.removeprefix(parent))


def _dump(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # Half a surrogate pair is legal in JSON as an escape, but has no UTF-8.
    is_utf8 = not any("\ud800" <= character <= "\udfff" for character in text)
    return text if is_utf8 else json.dumps(value)


def parse_metadata(text: bytes) -> pl.DataFrame:
    """The rows of a metadata JSONL: ``id``, ``edit_type``, ``chosen_keyword``, ``original_scene``, ``extra_fields``."""
    rows = [_read_metadata(msgspec.json.decode(line)) for line in text.split(b"\n") if line]
    names = ("id", *_METADATA_MEMBERS, "extra_fields")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _read_metadata(record: dict[str, Any]) -> tuple[str | None, ...]:
    metadata = record["metadata"]
    extras = {f"{_ROOT_PATH}{key}": record[key] for key in record.keys() - {"id", "prompt", "metadata"}}
    extras |= {f"{_METADATA_PATH}{key}": metadata[key] for key in metadata.keys() - set(_METADATA_MEMBERS)}
    extra_fields = json.dumps(extras, ensure_ascii=False, sort_keys=True) if extras else None
    return (record["id"], *(metadata.get(name) for name in _METADATA_MEMBERS), extra_fields)
