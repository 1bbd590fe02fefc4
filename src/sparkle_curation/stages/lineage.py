"""What each made asset was made of, and which of them are older than that.

A stage notes in its table what a file was made of: the content of each input, and what of the instruction its prompt
named. An asset is outdated where one of these is another now, or is outdated itself. That costs no reading of files: it
compares what headers say (``media``) with what was noted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import polars as pl
import xxhash

from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.media.assets import with_identity
from sparkle_curation.spec.layout import KIND

INSTRUCTION = "instruction"
"""Stands among the inputs for what a prompt named of the row of ``new_instructions``."""

_LINEAGE = {"id": pl.String, "kind": pl.String, "input": pl.String, "content": pl.String}
_OUTDATED = {"id": pl.String, "kind": pl.String, "detail": pl.String}


class Making(NamedTuple):
    """Who makes an asset kind of new samples.

    Attributes:
        kind: asset kind.
        pipeline: that makes it.
        table: that tells what it was made of.
    """

    kind: str
    pipeline: str
    table: str


_ALL = (
    Making(KIND.edited_frame0, "edit_frame0", "generated_edit_frame0"),
    Making(KIND.clean_frame0, "remove_foreground", "generated_remove_foreground"),
    Making(KIND.background_video, "background_video", "generated_background_video"),
    Making(KIND.mask, "track", "tracks"),
    Making(KIND.edges_video, "edges", "edges"),
    Making(KIND.edited_video, "synthesize", "generated_synthesize"),
)

MAKING: tuple[Making, ...] = tuple(each for each in _ALL if each.kind)
"""What the stages make of a source video, in the order in which it is made, as far as the dataset has asset kinds for it."""

MADE_KINDS: tuple[str, ...] = tuple(each.kind for each in MAKING)


def made_before(pipeline: str) -> list[Making]:
    """What is made before what a pipeline makes.

    >>> [each.pipeline for each in made_before("background_video")]
    ['edit_frame0', 'remove_foreground']
    """
    place = [each.pipeline for each in _ALL].index(pipeline)
    return [each for each in _ALL[:place] if each.kind]


def way_to_remake(outdated: Iterable[str]) -> str:
    """The commands that make again what is outdated, each after what it reads.

    >>> way_to_remake([KIND.edges_video, KIND.mask])
    'kedro run --pipelines ground; then kedro run --pipelines track,edges'

    Args:
        outdated: asset kinds, and ``INSTRUCTION``.
    """
    kinds = set(outdated)
    pipelines = [each.pipeline for each in MAKING if each.kind in kinds]
    runs = ["instruct", "ingest,inspect"] if INSTRUCTION in kinds else []
    runs += ["ground"] if KIND.mask in kinds else []
    runs += [",".join(pipelines)] if pipelines else []
    return "; then ".join(f"kedro run --pipelines {each}" for each in runs)


def contents_of(media: pl.DataFrame) -> pl.DataFrame:
    """``id``, ``kind``, ``content``: what there is now, one row an asset; equal contents are equal.

    Args:
        media: columns of ``media``, of assets as the store opens them.
    """
    files = with_identity(prefer_loose(media)).unique(["id", "kind"], keep="last", maintain_order=True)
    return files.select("id", pl.col("kind").cast(pl.String), pl.col("identity").alias("content"))


def gather_lineage(tables: Iterable[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
    """``id``, ``kind``, ``input``, ``content``: one row for each that an asset was made of.

    Args:
        tables: kind and the table that tells of it, with ``id``, ``inputs`` and ``error``, and ``instruction`` where a
            prompt names it; without columns where the stage was not run.
    """
    rows = []
    for kind, table in tables:
        if "inputs" not in table.columns:
            continue
        told = [name for name in ("inputs", INSTRUCTION) if name in table.columns]
        for row in table.filter(pl.col("error").is_null()).select("id", *told).iter_rows(named=True):
            made_of: dict[str, str | None] = json.loads(row["inputs"] or "{}")
            if row.get(INSTRUCTION):
                made_of[INSTRUCTION] = row[INSTRUCTION]
            rows += [(row["id"], kind, name, content) for name, content in made_of.items() if content]
    return pl.DataFrame(rows, schema=_LINEAGE, orient="row")


def list_outdated(lineage: pl.DataFrame, media: pl.DataFrame, instructions: pl.DataFrame) -> pl.DataFrame:
    """``id``, ``kind``, ``detail``: the assets that are older than what they were made of, and of what that is; once each.

    Args:
        lineage: of ``gather_lineage``.
        media: columns of ``media``, of assets as the store opens them.
        instructions: columns of ``new_instructions``.
    """
    now = {(name, kind): content for name, kind, content in contents_of(media).iter_rows()}
    told = {row["id"]: row for row in instructions.iter_rows(named=True)}
    made_of = {kind: rows for (kind,), rows in lineage.group_by("kind", maintain_order=True)}
    found: dict[tuple[str, str], str] = {}
    for kind in MADE_KINDS:
        for name, _, source, content in made_of[kind].iter_rows() if kind in made_of else ():
            if source == INSTRUCTION:
                is_other = _said(content, told.get(name, {})) != content
            else:
                is_other = now.get((name, source)) != content
            if (name, kind) not in found and (is_other or (name, source) in found):
                found[(name, kind)] = f"of another {source}" if is_other else f"of an outdated {source}"
    return pl.DataFrame([(*key, detail) for key, detail in found.items()], schema=_OUTDATED, orient="row")


def instruction_text(named: Iterable[str], row: Mapping[str, str | None]) -> str:
    """What is noted of an instruction: the columns that a prompt named, as JSON.

    >>> instruction_text(["scene"], {"prompt": "Put her there.", "scene": "a quay"})
    '{"scene": "a quay"}'
    """
    return json.dumps({name: row.get(name) for name in sorted(set(named))}, ensure_ascii=False)


def cut_digests(samples: pl.DataFrame) -> pl.DataFrame:
    """``id``, ``cut_digest``: of the clip of each sample and of how it was cut.

    Args:
        samples: ``id``, ``clip_hash``, ``settings`` of ``new_samples``.
    """
    facts = (
        f"{clip_hash} {settings}" for clip_hash, settings in samples.select("clip_hash", "settings").rows()
    )
    digests = [xxhash.xxh3_128_hexdigest(each.encode()) for each in facts]
    return samples.select("id", pl.Series("cut_digest", digests, pl.String))


def _said(noted: str, row: Mapping[str, str | None]) -> str:
    return instruction_text(json.loads(noted), row)
