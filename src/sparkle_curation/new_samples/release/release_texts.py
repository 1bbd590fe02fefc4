"""The texts of a new release: training CSVs and metadata, scores and groundings, where each medium is from, and the card."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import polars as pl

from sparkle_curation.escaping import markdown_code, markdown_text
from sparkle_curation.new_samples.instructions.prompts import prompt_texts, with_paths
from sparkle_curation.spec.codes.new_sample_codes import StageOutcome
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import PROMPTS_FOLDER
from sparkle_curation.spec.themes import THEME_TITLES, THEMES
from sparkle_curation.stages.lineage import MADE_KINDS

PROVENANCE_NAME = "new_samples/provenance.jsonl"
"""Where each sample's clip and media are from; beside the published files, whose schemas have no place for it."""
CARD_NAME = "README.md"

_UNKNOWN = "unknown"
_GENERATED = ("kind", "generator", "repository", "revision", "licence", "settings", "seed", "is_generated")


class Told(NamedTuple):
    """The tables that the texts are made of.

    Attributes:
        annotations: of the draft.
        samples: ``new_samples``.
        instructions: ``new_instructions``.
        progress: ``new_progress``.
        generated: of the stages that generate, the columns of ``_GENERATED`` with ``id``; without rows where none was run.
    """

    annotations: pl.DataFrame
    samples: pl.DataFrame
    instructions: pl.DataFrame
    progress: pl.DataFrame
    generated: pl.DataFrame


def passed_ids(progress: pl.DataFrame) -> pl.Series:
    """The samples whose last asset passed, sorted.

    Args:
        progress: columns of ``new_progress``.
    """
    is_done = (pl.col("stage") == MADE_KINDS[-1]) & (pl.col("outcome") == StageOutcome.PASSED.value)
    return progress.filter(is_done)["id"].unique().sort()


def training_texts(annotations: pl.DataFrame, ids: pl.Series) -> dict[str, bytes]:
    """The training CSV and metadata JSONL of each theme: path -> content.

    Args:
        annotations: of the draft.
        ids: of the samples that train.
    """
    own = annotations.filter(pl.col("id").is_in(ids.implode())).sort("id")
    texts: dict[str, bytes] = {}
    for theme in THEMES:
        rows = own.filter(pl.col("theme").cast(pl.String) == theme)
        if rows.height:
            named = prompt_texts(with_paths(rows, theme), theme)
            texts |= {f"{PROMPTS_FOLDER}/{name}": text.encode() for name, text in named.items()}
    return texts


def record_texts(records: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[tuple[str, bytes]]:
    """JSONL of records: path and content of each that has a line, by path.

    Args:
        records: path -> its records, as the release has them.
    """
    encoder = msgspec.json.Encoder()
    for path in sorted(records):
        content = b"".join(encoder.encode(record) + b"\n" for record in records[path])
        if content:
            yield path, content


def provenance_text(told: Told, ids: pl.Series) -> bytes:
    """A JSON object a line for each sample: its clip, on what terms, who wrote the prompt, who generated which asset."""
    generated: dict[str, list[dict[str, Any]]] = {}
    for row in told.generated.sort("id", "kind").iter_rows(named=True):
        generated.setdefault(row.pop("id"), []).append(row)
    prompts = {row["id"]: row for row in told.instructions.iter_rows(named=True)}
    lines = []
    for row in told.samples.filter(pl.col("id").is_in(ids.implode())).sort("id").iter_rows(named=True):
        prompt = prompts.get(row["id"], {})
        lines.append(
            {
                "id": row["id"],
                "clip": {
                    name: row[name]
                    for name in ("clip", "clip_hash", "licence", "source_url", "creator", "start_s")
                },
                "prompt": {
                    "model": prompt.get("model"),
                    "revision": prompt.get("model_revision"),
                    "is_scene_ours": prompt.get("is_ours"),
                },
                "generated": [{"is_generated": True, **each} for each in generated.get(row["id"], [])],
            }
        )
    return b"".join(json.dumps(line, ensure_ascii=False, sort_keys=True).encode() + b"\n" for line in lines)


def write_card(told: Told, ids: pl.Series, size_bytes: int, thresholds: Mapping[str, float]) -> bytes:
    """The card of the new release, as Markdown; the same facts give the same text.

    Args:
        told: the tables.
        ids: of the samples that train.
        size_bytes: of the media.
        thresholds: that samples passed.
    """
    samples = told.samples.filter(pl.col("id").is_in(ids.implode()))
    bounds = ", ".join(f"{name} {value:g}" for name, value in thresholds.items())
    where = markdown_text(dataset().repository or dataset().name)
    what = (
        f"{len(ids):,} pairs, {size_bytes / 1e9:,.2f} GB of media, in the layout of {where}. Edited frames, backgrounds, "
        "edges and edited videos are **generated by models**; the source videos are not."
    )
    terms = (
        f"Each passed the scores of its stages: {bounds}. `{PROVENANCE_NAME}` says of each sample where its clip is from, "
        "on what terms, and which model at which revision made each file."
    )
    lines = [
        f"# New samples beside {markdown_text(dataset().title or dataset().name)}",
        "",
        what,
        "",
        terms,
        "",
        "## Samples by theme",
        "",
        "| theme | tried | passed |",
        "|---|---|---|",
        *(
            f"| {markdown_text(THEME_TITLES[theme])} | {tried:,} | {passed:,} |"
            for theme in THEMES
            if (tried := _of_theme(told.annotations, theme, told.annotations["id"]))
            for passed in [_of_theme(told.annotations, theme, ids)]
        ),
        "",
        "## Stages",
        "",
        f"| asset | {' | '.join(outcome.value for outcome in StageOutcome)} |",
        f"|---|{'---|' * len(StageOutcome)}",
        *(f"| `{kind}` | {' | '.join(_outcomes(told.progress, kind))} |" for kind in MADE_KINDS),
        "",
        "## Licences of the clips",
        "",
        *_counted(samples["licence"]),
        "",
        "## What made the media",
        "",
        *_generators(told.generated),
    ]
    return ("\n".join(lines).rstrip() + "\n").encode()


def _of_theme(annotations: pl.DataFrame, theme: str, ids: pl.Series) -> int:
    own = annotations.filter(pl.col("theme").cast(pl.String) == theme, pl.col("id").is_in(ids.implode()))
    return own["id"].n_unique()


def _outcomes(progress: pl.DataFrame, kind: str) -> list[str]:
    own = progress.filter(stage=kind)
    return [f"{own.filter(outcome=each.value).height:,}" for each in StageOutcome]


def _counted(values: pl.Series) -> list[str]:
    counts = values.fill_null(_UNKNOWN).value_counts().sort("count", values.name, descending=[True, False])
    return [f"- {markdown_text(name)}: {count:,}" for name, count in counts.iter_rows()] or ["- none"]


def _generators(generated: pl.DataFrame) -> list[str]:
    keys: Sequence[str] = ("kind", "generator", "repository", "revision", "licence")
    rows = generated.select(keys).unique().sort(keys, nulls_last=True).iter_rows()
    told = [
        f"- `{kind}`: {markdown_code(str(generator))}, {markdown_code(str(repository))} at {markdown_code(str(revision))}, "
        f"licence {markdown_text(licence or _UNKNOWN)}"
        for kind, generator, repository, revision, licence in rows
    ]
    return told or ["- unknown: no table of a stage that generates was there"]


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
