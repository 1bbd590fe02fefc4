"""Where new samples are from: clip, prompt and generators of each, as a new release says it or the tables of a draft do."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame

logger = logging.getLogger(__name__)

PROVENANCE_NAME = "new_samples/provenance.jsonl"
"""Where each sample's clip and media are from; beside the published files, whose schemas have no place for it."""
ORIGINS: dict[str, type[pl.DataType]] = {"id": pl.String, "is_generated": pl.Boolean, "origin": pl.String}
"""A row per new sample: whether a model made a file of it, and its record of ``origin_records`` as JSON."""

_GENERATED = ("kind", "generator", "repository", "revision", "licence", "settings", "seed", "is_generated")
_CLIP = ("clip", "clip_hash", "licence", "source_url", "creator", "start_s")


def origin_records(
    samples: pl.DataFrame, instructions: pl.DataFrame, generated: pl.DataFrame, ids: pl.Series
) -> list[dict[str, Any]]:
    """A record for each sample, by id: its clip, on what terms, who wrote the prompt, who generated which asset.

    Args:
        samples: columns of ``new_samples``.
        instructions: columns of ``new_instructions``; without columns where nobody wrote any.
        generated: of ``select_generated``.
        ids: of the samples.
    """
    made: dict[str, list[dict[str, Any]]] = {}
    for row in generated.sort("id", "kind").iter_rows(named=True):
        made.setdefault(row.pop("id"), []).append(row)
    prompts = {row["id"]: row for row in instructions.iter_rows(named=True)}
    records = []
    for row in samples.filter(pl.col("id").is_in(ids.implode())).sort("id").iter_rows(named=True):
        prompt = prompts.get(row["id"], {})
        records.append(
            {
                "id": row["id"],
                "clip": {name: row[name] for name in _CLIP},
                "prompt": {
                    "model": prompt.get("model"),
                    "revision": prompt.get("model_revision"),
                    "is_scene_ours": prompt.get("is_ours"),
                },
                "generated": [{"is_generated": True, **each} for each in made.get(row["id"], [])],
            }
        )
    return records


def select_generated(table: pl.DataFrame) -> pl.DataFrame:
    """``id`` and ``_GENERATED`` of a table of a stage that generates, of what was made; no rows where it was not run."""
    schema = {
        "id": pl.String,
        **dict.fromkeys(_GENERATED, pl.String),
        "seed": pl.Int64,
        "is_generated": pl.Boolean,
    }
    if "generator" not in table.columns:
        return pl.DataFrame(schema=schema)
    made = table.filter(pl.col("error").is_null()) if "error" in table.columns else table
    columns = [
        (pl.col(name) if name in table.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    ]
    return made.select(columns)


def gather_origins(
    release_root: str, samples: AnyFrame, instructions: AnyFrame, generated: Iterable[AnyFrame]
) -> pl.DataFrame:
    """``ORIGINS`` of a release of this machine that has new samples, else of a draft; no rows where there are neither.

    Args:
        release_root: of the release; one behind a URL is not asked.
        samples: ``new_samples`` of the draft; without columns where there is none.
        instructions: ``new_instructions`` likewise.
        generated: the tables of the stages that generate, likewise.
    """
    records: list[Mapping[str, Any]] = list(_read_records(Path(release_root).expanduser() / PROVENANCE_NAME))
    if not records and "clip" in samples.lazy().collect_schema().names():
        found = samples.lazy().collect()
        made = pl.concat(select_generated(each.lazy().collect()) for each in generated)
        records.extend(origin_records(found, instructions.lazy().collect(), made, found["id"]))
    rows = [
        (each["id"], any(made["is_generated"] for made in each["generated"]), json.dumps(each))
        for each in records
    ]
    return pl.DataFrame(rows, schema=ORIGINS, orient="row").unique("id", keep="first", maintain_order=True)


class _Generated(msgspec.Struct):
    kind: str
    generator: str
    repository: str
    revision: str | None = None
    licence: str | None = None
    is_generated: bool = True


class _Clip(msgspec.Struct):
    clip: str | None = None
    licence: str | None = None
    source_url: str | None = None
    creator: str | None = None


class _Prompt(msgspec.Struct):
    model: str | None = None
    revision: str | None = None


class _Record(msgspec.Struct):
    id: str
    clip: _Clip
    prompt: _Prompt
    generated: list[_Generated]


def _read_records(path: Path) -> Iterable[Mapping[str, Any]]:
    """The records of a file; lines that are none are passed over, and told. None where it is not there."""
    try:
        lines = path.read_bytes().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        logger.warning("%s cannot be read (%s): who made new samples is not shown", path, error.strerror)
        return
    decoder, broken = msgspec.json.Decoder(_Record), []
    for number, line in enumerate(lines, start=1):
        try:
            yield msgspec.to_builtins(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            broken.append(number)
    if broken:
        told = ", ".join(map(str, broken[:5]))
        logger.warning("%s: %s lines say of no sample where it is from: %s", path, f"{len(broken):,}", told)
