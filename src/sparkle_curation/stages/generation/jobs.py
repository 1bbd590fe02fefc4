"""What a stage is to generate: a row per sample with its prompt, seed and inputs, or why it cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

import polars as pl
import xxhash

from sparkle_curation.media.assets import with_identity
from sparkle_curation.spec.codes.generation_faults import GenerationFault
from sparkle_curation.stages.gates import tell_standing
from sparkle_curation.stages.generation.prompts import fill, placeholders_of
from sparkle_curation.stages.generation.stage import GenerationStage
from sparkle_curation.stages.lineage import INSTRUCTION, cut_digests, instruction_text, list_outdated

_SEED_BITS = 63


class Output(NamedTuple):
    """Something to be generated.

    Attributes:
        key: digest of all that it depends on.
        id: sample id.
        theme: its theme.
        prompt: what the generator is told.
        seed: of the noise.
        frame_count: frames wanted; 1 for a still.
        fps: frames a second; 1 for a still.
    """

    key: str
    id: str
    theme: str
    prompt: str
    seed: int
    frame_count: int
    fps: int


class Asked(NamedTuple):
    """What a run asks for.

    Attributes:
        template: the prompt, see ``prompts.fill``.
        seed: of the run.
        limit: most samples that are generated; None for all.
    """

    template: str
    seed: int
    limit: int | None


def seed_of(seed: int, stage: str, sample_id: str) -> int:
    """The seed of a sample at a stage: another one for each, so that none begins from the noise that made its input.

    >>> seed_of(0, "edit", "a") == seed_of(0, "edit", "a")
    True
    >>> len({seed_of(0, "edit", "a"), seed_of(0, "edit", "b"), seed_of(1, "edit", "a"), seed_of(0, "remove", "a")})
    4
    """
    return xxhash.xxh3_64_intdigest(f"{seed} {stage} {sample_id}".encode()) >> (64 - _SEED_BITS)


def list_outputs(
    stage: GenerationStage,
    samples: pl.DataFrame,
    instructions: pl.DataFrame,
    progress: pl.DataFrame,
    media: pl.DataFrame,
    lineage: pl.DataFrame,
    asked: Asked,
) -> pl.DataFrame:
    """One row per sample with a row of instructions, by theme and id.

    Columns: ``id``, ``theme``, ``prompt``, ``seed``, ``inputs`` and ``instruction`` (JSON), ``frame_count`` and ``fps``
    (wanted), ``is_asked`` (within the limit and without an error), ``error``, ``error_detail``.

    Args:
        stage: what is made of what.
        samples: columns of ``new_samples``.
        instructions: columns of ``new_instructions``.
        progress: columns of ``new_progress``; without columns where none was told yet.
        media: columns of ``media``, of the made assets of all samples.
        lineage: of ``lineage.gather_lineage``, of what is made before.
        asked: what for.
    """
    outdated = _outdated(stage, samples, instructions, media, lineage)
    rows = (
        instructions.sort("theme", "id")
        .join(
            tell_standing(instructions, progress, media, stage.makes),
            on="id",
            how="left",
            maintain_order="left",
        )
        .join(outdated, on="id", how="left", maintain_order="left")
        .join(samples.select("id", "frame_count", "fps"), on="id", how="left", maintain_order="left")
        .join(_inputs(stage, media), on="id", how="left", maintain_order="left")
        .with_columns(
            _prompt(instructions, asked.template),
            _instruction(instructions, asked.template),
            pl.col("id")
            .map_elements(lambda each: seed_of(asked.seed, stage.name, each), pl.Int64)
            .alias("seed"),
        )
    )
    lacking = pl.concat_str(
        *(pl.when(pl.col(kind).is_null()).then(pl.lit(kind)) for kind in stage.inputs),
        separator=", ",
        ignore_nulls=True,
    )
    own = (
        pl.when(pl.col("_prompt").is_null())
        .then(pl.lit(GenerationFault.NO_PROMPT.value))
        .when(pl.col("standing").is_not_null())
        .then("standing")
        .when(lacking != "")
        .then(pl.lit(GenerationFault.NO_INPUT.value))
        .when(pl.col("outdated").is_not_null())
        .then(pl.lit(GenerationFault.OUTDATED_INPUT.value))
    )
    detail = pl.coalesce(
        pl.when(own == GenerationFault.NO_INPUT.value).then(lacking),
        pl.when(own == GenerationFault.OUTDATED_INPUT.value).then("outdated"),
        pl.when(own.is_null()).then("input_detail"),
    )
    rows = rows.with_columns(pl.coalesce(own, "input_error").alias("error"), detail.alias("error_detail"))
    is_whole = pl.col("error").is_null()
    is_within = (
        pl.lit(value=True) if asked.limit is None else pl.col("id").cum_count().over(is_whole) <= asked.limit
    )
    return rows.select(
        "id",
        pl.col("theme").cast(pl.String),
        pl.col("_prompt").alias("prompt"),
        "seed",
        pl.struct(stage.inputs).struct.json_encode().alias("inputs"),
        INSTRUCTION,
        *(
            (pl.col("frame_count").cast(pl.Int64), pl.col("fps").round().cast(pl.Int64))
            if stage.is_video
            else (pl.lit(1, pl.Int64).alias("frame_count"), pl.lit(1, pl.Int64).alias("fps"))
        ),
        (is_whole & is_within).alias("is_asked"),
        "error",
        "error_detail",
    )


def outputs_of(
    listed: pl.DataFrame, stage: GenerationStage, made_by: Callable[[str, str], str]
) -> list[Output]:
    """The rows of ``list_outputs`` that are asked for.

    Args:
        listed: those rows.
        stage: what is made.
        made_by: of a theme and sample id all that an output depends on of who makes it, as a text.
    """
    found = []
    for row in listed.filter("is_asked").iter_rows(named=True):
        wanted = {name: row[name] for name in ("prompt", "seed", "inputs", "frame_count", "fps")}
        key = _digest(stage.name, made_by(row["theme"], row["id"]), wanted)
        found.append(Output(key, *(row[name] for name in Output._fields[1:])))
    return found


def _digest(stage: str, generator_text: str, wanted: Mapping[str, object]) -> str:
    facts = json.dumps(["generation", stage, generator_text, wanted], sort_keys=True, ensure_ascii=False)
    return xxhash.xxh3_128_hexdigest(facts.encode())


def _prompt(instructions: pl.DataFrame, template: str) -> pl.Series:
    """The prompt of each sample; null where it names what the sample has not, or the sample has no edit prompt."""
    rows = instructions.sort("theme", "id").iter_rows(named=True)
    return pl.Series("_prompt", [fill(template, row) for row in rows], pl.String)


def _instruction(instructions: pl.DataFrame, template: str) -> pl.Series:
    """What the prompt of each sample names of its instruction, for the record."""
    named = placeholders_of(template)
    rows = instructions.sort("theme", "id").iter_rows(named=True)
    return pl.Series(INSTRUCTION, [instruction_text(named, row) for row in rows], pl.String)


def _outdated(
    stage: GenerationStage,
    samples: pl.DataFrame,
    instructions: pl.DataFrame,
    media: pl.DataFrame,
    lineage: pl.DataFrame,
) -> pl.DataFrame:
    """``id``, ``outdated``: which input of a sample is older than what it was made of, or the instruction than the clip."""
    found = list_outdated(lineage, media, instructions).filter(pl.col("kind").is_in(stage.inputs))
    inputs = found.select("id", pl.format("{}: {}", "kind", "detail").alias("outdated"))
    cuts = instructions.select("id", "cut_digest").join(cut_digests(samples), on="id", suffix="_now")
    is_other = pl.col("cut_digest").is_not_null() & (pl.col("cut_digest") != pl.col("cut_digest_now"))
    told = cuts.filter(is_other).select(
        "id", pl.lit(f"{INSTRUCTION}: of another cut of the clip").alias("outdated")
    )
    return pl.concat([told, inputs]).unique("id", keep="first", maintain_order=True)


def _inputs(stage: GenerationStage, media: pl.DataFrame) -> pl.DataFrame:
    """``id``, a column with each input's content by kind, ``input_error`` and ``input_detail`` of one that is broken."""
    files = (
        with_identity(media).filter(pl.col("kind").is_in(stage.inputs)).unique(["id", "kind"], keep="last")
    )
    by_kind = [files.filter(kind=kind).select("id", pl.col("identity").alias(kind)) for kind in stage.inputs]
    broken = (
        files.filter(pl.col("error").is_not_null())
        .sort("id", "kind")
        .group_by("id", maintain_order=True)
        .agg(
            pl.col("error").first().alias("input_error"),
            pl.format("{}: {}", "kind", pl.col("error_detail").fill_null("")).first().alias("input_detail"),
        )
    )
    found = files.select("id").unique(maintain_order=True)
    for frame in (*by_kind, broken):
        found = found.join(frame, on="id", how="left", maintain_order="left")
    return found
