"""The ``README.md`` of a training kit: what is in it and what to do next, in one screen."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.themes import THEMES, TOTAL
from sparkle_curation.training.kit import Choices, KitCSVs
from sparkle_curation.training.plan import Plan
from sparkle_curation.training.run_files.run_file import (
    CONTINUE,
    INFER_OPENVE,
    INFER_SPARKLE,
    LANGUAGE_MODEL,
    TRAIN_FROM_BASE,
    WEIGHTS,
)
from sparkle_curation.training.wanted import EXTRACTED, NOT_EXTRACTED, KitMedia, MediaRoot
from sparkle_curation.variant.facts import VariantFacts

EXTRACT = "kedro run --pipelines extract"
"""The command that brings the wanted media to where the run files look for them."""


@dataclass(frozen=True)
class KitFacts:
    """What the card says.

    Attributes:
        variant: its record.
        choices: what was asked for.
        csvs: the CSVs.
        plan: the training.
        media: what the CSVs need.
        dropped: rows that a task does not have, with why.
        checked_by: what the options of the run files were checked by.
    """

    variant: VariantFacts
    choices: Choices
    csvs: KitCSVs
    plan: Plan
    media: KitMedia
    dropped: pl.DataFrame
    checked_by: str


_CARD = """\
# Training kit

Of variant `{variant}` ({pairs:,} pairs), data `{data}`.
Made by `kedro run --pipelines training_kit`, which replaces this folder whole: keep nothing of your own in it.

## Rows

{rows}

{shares}

## Media

{media}

## Next

In the project's folder, where the release is at hand: bring the media of `wanted_media` to where the run files look.

```bash
{extract}
```

In this folder, on the machine that trains. `MEDIA_ROOT` is where the media lie now: both folders may have been moved there.

```bash
export KIWI_EDIT=/path/to/Kiwi-Edit MEDIA_ROOT={root}
CHECKPOINT=/path/to/model.safetensors ./{train}    # or ./{proceed}
CHECKPOINT=/path/to/step-N.safetensors ./{sparkle}    # or ./{openve}
```

{plan}
"""


def describe_kit(facts: KitFacts) -> str:
    """The card."""
    return _CARD.format(
        variant=facts.variant.version,
        pairs=facts.variant.sample_count,
        data=facts.variant.data.digest,
        rows=_rows(facts.csvs),
        shares=_shares(facts),
        media=_media(facts.media),
        extract=extract_command(facts.media.root),
        root=shlex.quote(facts.media.root.from_kit or str(facts.media.root.path)),
        train=TRAIN_FROM_BASE,
        proceed=CONTINUE,
        sparkle=INFER_SPARKLE,
        openve=INFER_OPENVE,
        plan=_plan(facts),
    )


def extract_command(root: MediaRoot) -> str:
    """What brings the media to the root: it is named where it is none that the data root itself gives."""
    return EXTRACT if root.from_kit else f"{EXTRACT} --params {shlex.quote(f'extract.folder={root.path}')}"


def _rows(csvs: KitCSVs) -> str:
    """A row for each theme and the total, a column for each CSV: its rows, their share, and how many are repeated ones."""
    headers = ["theme", *(f"`{name}`" for name in csvs.rows)]
    rows = []
    for theme in (*THEMES, TOTAL):
        cells = []
        for table in csvs.rows.values():
            own = table if theme == TOTAL else table.filter(pl.col("theme") == theme)
            repeated = int((own["copy"] > 0).sum())
            share = f"{own.height / table.height:.1%}" if table.height else "0%"
            cells.append(f"{own.height:,} ({share}{f', {repeated:,} repeated' if repeated else ''})")
        rows.append([theme, *cells])
    return _table(headers, rows)


def _shares(facts: KitFacts) -> str:
    choices = facts.choices
    told = {"as_is": "each row once", "even": "as many rows of each theme"}
    if isinstance(choices.shares, str):
        shares = told[choices.shares]
    else:
        named = ", ".join(f"{theme} {exact(weight)}" for theme, weight in choices.shares.items())
        shares = f"by weight, {named}; 1 for one that is not named"
    limit = f", {choices.max_rows:,} rows at most of a task" if choices.max_rows else ""
    dropped = "no row was dropped"
    if facts.dropped.height:
        counts = facts.dropped.group_by("reason").len().sort("reason").iter_rows()
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts)
        dropped = f"dropped: {reasons}, see `dropped_rows.csv`"
    return f"""\
Themes: {shares}{limit}; {dropped}.
A row that is there twice is meant to be: warnings of duplicate rows do not hold for it.
Order by seed {choices.seed}; the trainer shuffles anew in each run, and sets no seed."""


def _media(media: KitMedia) -> str:
    from_tars = media.wanted.filter(pl.col("container").is_not_null())
    of_shards = int(media.shards["shard_bytes"].sum() or 0)
    share = f", {int(from_tars['size'].sum()) / of_shards:.1%} of their bytes" if of_shards else ""
    size, loose = int(media.wanted["size"].sum()), media.wanted.height - from_tars.height
    extraction = f"`{EXTRACTED}`."
    if media.absent_count:
        extraction = f"`{NOT_EXTRACTED}`, {media.absent_count:,} are to come (`extraction.csv`)."
    lines = [
        f"- {media.wanted.height:,} files, {size:,} bytes: {loose:,} loose,",
        f"  {from_tars.height:,} in {media.shards.height:,} shards{share} (`shards.csv`).",
        f"- When this was made, {media.path_count - media.absent_count:,} of {media.path_count:,} paths were files",
        f"  under the media root: {extraction}",
    ]
    if media.unknown_paths:
        lines += [
            f"- {len(media.unknown_paths):,} paths name no asset of the release at hand,",
            f"  `{media.unknown_paths[0]}` among them.",
        ]
    return "\n".join(lines)


def _plan(facts: KitFacts) -> str:
    plan = facts.plan
    return f"""\
{plan.gpus} GPUs x {plan.accumulation} micro-batches of one row = {plan.effective_batch} rows an update;
{plan.epochs:,} epochs, {plan.updates:,} updates. Each training writes `run.json` beside its checkpoints.
Weights: `CHECKPOINT`; the base model `{WEIGHTS}`, in `models/{WEIGHTS}/` of the checkout, which nothing downloads;
and the language model `{LANGUAGE_MODEL}`, in the model hub's cache, downloaded where it is not there
(`hf download {LANGUAGE_MODEL}` brings it, for a machine without a network).
Options checked by {facts.checked_by}. What a line of a run file is for stands above it."""


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
