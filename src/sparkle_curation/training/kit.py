"""The training kit as it is kept: a folder of CSVs, tables and run files that belong together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sparkle_curation.spec.training_tasks import (
    REFERENCES_OPTION,
    STILLS_OPTION,
    TRAINING_TASKS,
    VIDEOS_OPTION,
    csv_name,
    metadata_option,
)
from sparkle_curation.training import before_training
from sparkle_curation.training.plan import Plan
from sparkle_curation.training.run_files.run_file import LANGUAGE_MODEL, WEIGHTS, RunFile
from sparkle_curation.training.shares import Shares, order_rows
from sparkle_curation.variant.facts import VariantFacts

VAL_CSV = "val.csv"
CARD_NAME = "README.md"

_SEVERAL = {
    STILLS_OPTION: "train_stills.csv",
    VIDEOS_OPTION: "train_videos.csv",
    REFERENCES_OPTION: "train_references.csv",
}
"""Option of ``train.py`` -> the CSV of all tasks that go to it, where there are several."""

_HEX_DIGITS = 8


@dataclass(frozen=True)
class TrainingKit:
    """A training kit.

    Attributes:
        csvs: file name -> rows (``task_rows.ROW_COLUMNS``) in the order of the CSV.
        reports: file name -> a table for people, kept as CSV.
        texts: file name -> text; ``.sh`` can be started.
    """

    csvs: Mapping[str, pl.DataFrame]
    reports: Mapping[str, pl.DataFrame]
    texts: Mapping[str, str]


@dataclass(frozen=True)
class KitCSVs:
    """The CSVs of a kit.

    Attributes:
        rows: file name -> its rows, in its order.
        options: option of ``train.py`` -> the CSV that it takes.
    """

    rows: Mapping[str, pl.DataFrame]
    options: Mapping[str, str]

    @property
    def paths(self) -> list[str]:
        """What the CSVs name, each once: from the release root."""
        columns = ("src_video", "tgt_video", "ref_image")
        found = {path for rows in self.rows.values() for name in columns for path in rows[name].drop_nulls()}
        return sorted(found)


def arrange_csvs(rows: pl.DataFrame, val: pl.DataFrame, tasks: Sequence[str], seed: int) -> KitCSVs:
    """The CSVs: one of each task, one of all tasks that go to one option where they are several, and the validation split.

    Args:
        rows: of all tasks, those of a task in its order.
        val: rows that are held out; no file where there are none.
        tasks: names of the tasks.
        seed: of the order of tasks that are joined.
    """
    csvs, options = {}, {}
    by_option: dict[str, list[str]] = {}
    for name in tasks:
        task = TRAINING_TASKS[name]
        csvs[csv_name(task)] = rows.filter(pl.col("task") == name)
        by_option.setdefault(metadata_option(task), []).append(name)
    for option, names in by_option.items():
        options[option] = csv_name(TRAINING_TASKS[names[0]]) if len(names) == 1 else _SEVERAL[option]
        if len(names) > 1:
            csvs[options[option]] = order_rows(rows.filter(pl.col("task").is_in(names)), seed)
    if val.height:
        csvs[VAL_CSV] = val
    return KitCSVs(csvs, options)


def name_variant(digest: str) -> str:
    """A name for folders of checkpoints, which has no ``14b`` in it: Kiwi-Edit would take that for the 14B model.

    >>> name_variant("a14bc0ffee")
    'variant_a1-4b-c0-ff'
    """
    pairs = [digest[place : place + 2] for place in range(0, _HEX_DIGITS, 2)]
    return f"variant_{'-'.join(pairs)}"


@dataclass(frozen=True)
class Choices:
    """What was asked for.

    Attributes:
        tasks: names of the tasks.
        shares: of the themes.
        seed: of the order of the CSVs.
        max_rows: of a task; None for any number.
    """

    tasks: Sequence[str]
    shares: Shares
    seed: int
    max_rows: int | None


def write_facts(variant: VariantFacts, choices: Choices, plan: Plan) -> str:
    """The text of ``kit.json``: what ``before_training.py`` writes into ``run.json`` of each training."""
    facts: dict[str, Any] = {
        "variant": {"version": variant.version, "pairs": variant.sample_count},
        "data": asdict(variant.data),
        "code": asdict(variant.code),
        "csv_order_seed": choices.seed,
        "trainer_seed": None,  # it sets none
        "tasks": list(choices.tasks),
        "shares": choices.shares,
        "max_rows": choices.max_rows,
        "run": {
            "weights": WEIGHTS,
            "language_model": LANGUAGE_MODEL,
            "csvs": list(plan.csvs.values()),
            "gpus": plan.gpus,
            "gradient_accumulation_steps": plan.accumulation,
            "effective_batch": plan.effective_batch,
            "epochs": plan.epochs,
            "updates": plan.updates,
            "save_steps": plan.save_steps,
            "learning_rate": plan.learning_rate,
            "num_frames": plan.num_frames,
            "max_pixels": plan.max_pixels,
        },
    }
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def gather_texts(run_files: Sequence[RunFile], facts: str, card: str) -> dict[str, str]:
    """The texts of a kit by their file names."""
    helper = Path(before_training.__file__)
    return {
        **{file.name: file.text for file in run_files},
        helper.name: helper.read_text("utf-8"),
        "kit.json": facts,
        CARD_NAME: card,
    }
