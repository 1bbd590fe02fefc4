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

MAKERS: dict[str, type[pl.DataType]] = {"id": pl.String, "part": pl.String, "record": pl.String}
"""A row per sample and model that looked at it or made a mask or control video of it: ``gather_makers``."""

_GENERATED = (
    *("kind", "generator", "repository", "revision", "licence", "settings", "seed", "is_generated"),
    *("prompt", "inputs", "versions"),
)
_MADE = ("model", "revision", "settings", "inputs")
_ASKED = (
    *("backend", "model", "revision", "adapter", "adapter_revision", "settings"),
    *("prompt_template_origin", "prompt_template_digest", "source_digest", "edited_digest"),
)
_PARTS = ("made", "grounded", "scored")
_CLIP = ("clip", "clip_hash", "licence", "source_url", "creator", "start_s")


def origin_records(
    samples: pl.DataFrame,
    instructions: pl.DataFrame,
    generated: pl.DataFrame,
    ids: pl.Series,
    makers: pl.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """A record for each sample, by id: its clip, on what terms, who wrote the prompt, and who made, grounded or scored it.

    ``generated`` has an object for each asset that a generator made, ``made`` one for mask and control video, ``grounded``
    one a round, ``scored`` one a stage; what nobody noted is null, and JSON of the tables stays a text.

    Args:
        samples: columns of ``new_samples``.
        instructions: columns of ``new_instructions``; without columns where nobody wrote any.
        generated: of ``select_generated``.
        ids: of the samples.
        makers: of ``gather_makers``; None where nothing of them is known.
    """
    others: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, part, record in (pl.DataFrame(schema=MAKERS) if makers is None else makers).rows():
        others.setdefault((name, part), []).append(json.loads(record))
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
                    "seed": json.loads(prompt.get("settings") or "{}").get("seed"),
                    "settings": prompt.get("settings"),
                },
                "generated": [{"is_generated": True, **each} for each in made.get(row["id"], [])],
                **{part: others.get((row["id"], part), []) for part in _PARTS},
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


def gather_makers(
    made: Mapping[str, AnyFrame], grounded: Iterable[AnyFrame], scored: Mapping[str, AnyFrame]
) -> pl.DataFrame:
    """``MAKERS`` of a draft: who made masks and control videos, and who grounded and scored, as the tables say.

    Args:
        made: asset kind -> ``tracks`` or ``edges``; without columns where a stage was not run, as those below.
        grounded: ``regrounded_r1``, ``regrounded_r2``.
        scored: stage -> its rescores.
    """
    tables: list[tuple[str, Mapping[str, object], AnyFrame, tuple[str, ...], str]] = [
        *(("made", {"kind": kind}, table, _MADE, "error") for kind, table in made.items()),
        *(
            ("grounded", {"round": number}, table, _ASKED, "fault")
            for number, table in enumerate(grounded, start=1)
        ),
        *(("scored", {"stage": stage}, table, _ASKED, "fault") for stage, table in scored.items()),
    ]
    rows: list[tuple[str, str, str]] = []
    for part, named, table, columns, error in tables:
        there = table.lazy().collect_schema().names()
        if error not in there:
            continue
        known = [name for name in columns if name in there]
        found = (
            table.lazy()
            .filter(pl.col(error).is_null())
            .select("id", *known)
            .unique("id", keep="first")
            .collect()
        )
        blank: dict[str, object] = {**named, **dict.fromkeys(columns)}
        for row in found.sort("id").iter_rows(named=True):
            name = row.pop("id")
            rows.append((name, part, json.dumps({**blank, **row}, ensure_ascii=False)))
    return pl.DataFrame(rows, schema=MAKERS, orient="row")


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
    settings: str | None = None
    seed: int | None = None
    prompt: str | None = None
    inputs: str | None = None
    versions: str | None = None


class _Maker(msgspec.Struct):
    """Of a mask or control video (``kind``), a round of grounding or a stage that scores."""

    kind: str | None = None
    round: int | None = None
    stage: str | None = None
    backend: str | None = None
    model: str | None = None
    revision: str | None = None
    adapter: str | None = None
    adapter_revision: str | None = None
    settings: str | None = None
    inputs: str | None = None
    prompt_template_origin: str | None = None
    prompt_template_digest: str | None = None
    source_digest: str | None = None
    edited_digest: str | None = None


class _Clip(msgspec.Struct):
    clip: str | None = None
    licence: str | None = None
    source_url: str | None = None
    creator: str | None = None


class _Prompt(msgspec.Struct):
    model: str | None = None
    revision: str | None = None
    is_scene_ours: bool | None = None
    seed: int | None = None
    settings: str | None = None


class _Record(msgspec.Struct):
    """What earlier versions wrote lacks what has a default here."""

    id: str
    clip: _Clip
    prompt: _Prompt
    generated: list[_Generated]
    made: list[_Maker] = []
    grounded: list[_Maker] = []
    scored: list[_Maker] = []


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
