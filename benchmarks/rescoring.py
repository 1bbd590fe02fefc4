"""Times making rescores of answers: ``python -m benchmarks.rescoring``.

The answers to scored videos, 32 each, are made once: in a journal, and as JSONL for the contender. Each contender
is a process of its own, in turn: our table and JSONL from the journal, and the loop that one would write, with
``json.loads`` of each line and each answer, the means, and a table by pandas. The loop checks nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from benchmarks.measure import as_table, run_in_turn
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.scoring.batches import JOURNAL_SCHEMA
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.tables import published_records, stream_table
from sparkle_curation.spec.stages import STAGES

PICTURES, PASSES, REASON_WORDS, BATCH = 4, 4, 75, 512
VIDEO = STAGES[-1]
PROVENANCE = dict.fromkeys(
    ("backend", "model", "revision", "prompt_template_origin", "prompt_template_digest", "settings"), "made"
)
WORDS = ["the", "edit", "background", "person", "light", "keeps", "follows", "natural", "edge"]


def main() -> None:
    """Make the answers, time the contenders, print the table."""
    options = _options()
    if options.contender:
        start = time.perf_counter()
        mean = CONTENDERS[options.contender](options.work)
        print(f"mean {mean:.9f}")
        print("work_s", time.perf_counter() - start)
        return
    work = options.work or Path(tempfile.mkdtemp(prefix="sparkle-bench-"))
    try:
        _make_answers(work, options.samples)
        commands = {
            name: [sys.executable, "-m", "benchmarks.rescoring", "--work", str(work), "--contender", name]
            for name in CONTENDERS
        }
        print(as_table(run_in_turn(commands, options.rounds), "loop"))
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rescoring", description=__doc__)
    parser.add_argument("--samples", type=int, default=14_000, help="videos that were scored")
    parser.add_argument("--rounds", type=int, default=3, help="times that each contender runs")
    parser.add_argument("--work", type=Path, help="a folder to keep the answers in, for the next time")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    return parser.parse_args()


# ------------------------------------------------------------------ the answers
def _make_answers(work: Path, samples: int) -> None:
    """``score.journal``, ``answers.jsonl`` and ``jobs.parquet``, with the same answers."""
    work.mkdir(parents=True, exist_ok=True)
    if (work / "jobs.parquet").exists():
        return
    draw = random.Random(0)
    journal = Journal(work / "score.journal", JOURNAL_SCHEMA)
    jobs = []
    with journal, (work / "answers.jsonl").open("w", encoding="utf-8") as file:
        for start in range(0, samples, BATCH):
            rows = [_row(f"{number:06d}", draw) for number in range(start, min(samples, start + BATCH))]
            journal.append(pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA))
            file.writelines(json.dumps(row) + "\n" for row in rows)
            jobs += [_job(row[KEY]) for row in rows]
    kinds = {"source_frames": pl.List(pl.Int32), "edited_frames": pl.List(pl.Int32)}
    nulls = {"error": pl.String, "error_detail": pl.String}
    pl.DataFrame(jobs, schema_overrides=kinds | nulls).write_parquet(work / "jobs.parquet")


def _row(key: str, draw: random.Random) -> dict[str, Any]:
    answers = [
        {
            "picture": picture,
            "number": number,
            "aspect": aspect,
            "text": _said(draw),
            "fault": None,
            "tries": 1,
        }
        for picture in range(PICTURES)
        for number in range(PASSES)
        for aspect in ("SC", "PQ")
    ]
    return {KEY: key, "answers": answers, "error": None, "error_detail": None}


def _said(draw: random.Random) -> str:
    reasoning = " ".join(draw.choices(WORDS, k=REASON_WORDS))
    return json.dumps({"reasoning": reasoning, "score": [draw.randint(15, 25), draw.randint(15, 25)]})


def _job(key: str) -> dict[str, Any]:
    shown = {"edit_prompt": "Dusk", "source_frames": [1, 26, 51, 76], "edited_frames": [1, 26, 51, 76]}
    known = {"theme": "time", "prompt": "Dusk", "source_digest": key, "edited_digest": key}
    state = {"error": None, "error_detail": None, "is_asked": True}
    return {KEY: key, "id": f"Sparkle_time_{key}", "stage": VIDEO.name, **shown, **known, **state}


# ------------------------------------------------------------------ the contenders
def ours(work: Path) -> float:
    """The table and the JSONL of the project; gives the mean score."""
    from sparkle_curation.datasets import JSONLFolderDataset, TableDataset

    made = work / "ours.parquet"
    made.unlink(missing_ok=True)
    answers = JournalRows(Journal(work / "score.journal", JOURNAL_SCHEMA))
    dataset = TableDataset(filepath=str(made))
    dataset.save(
        stream_table(pl.read_parquet(work / "jobs.parquet"), answers, VIDEO, ScoreScale(), PROVENANCE)
    )
    table = dataset.load()
    records = {f"{theme}.jsonl": each for theme, each in published_records(table, VIDEO).items()}
    JSONLFolderDataset(filepath=str(work / "ours")).save(records)
    return float(table.select(pl.col(VIDEO.score_column).mean()).collect().item())


def loop(work: Path) -> float:
    """What one would write in an hour; gives the mean score."""
    import pandas as pd

    rows = []
    with (work / "answers.jsonl").open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            frames = [_scored(record["answers"], picture) for picture in range(PICTURES)]
            mean = sum(frame["O_score"] for frame in frames) / PICTURES
            texts = [answer["text"] for answer in record["answers"]]
            rows.append({"id": record[KEY], "editscore": frames, "mean": mean, "raw_texts": texts})
    table = pd.DataFrame(rows)
    table.to_parquet(work / "loop.parquet")
    table.drop(columns=["raw_texts", "mean"]).to_json(work / "loop.jsonl", orient="records", lines=True)
    return float(table["mean"].mean())


def _scored(answers: list[dict[str, Any]], picture: int) -> dict[str, Any]:
    said = {
        aspect: [
            json.loads(answer["text"])
            for answer in answers
            if answer["picture"] == picture and answer["aspect"] == aspect
        ]
        for aspect in ("SC", "PQ")
    }
    sc, pq = ([min(one["score"]) / 2.5 for one in said[aspect]] for aspect in ("SC", "PQ"))
    return {
        "SC_score": sum(sc) / PASSES,
        "PQ_score": sum(pq) / PASSES,
        "O_score": sum((a * b) ** 0.5 for a, b in zip(sc, pq, strict=True)) / PASSES,
        "SC_score_reasoning": said["SC"][0]["reasoning"],
        "PQ_score_reasoning": said["PQ"][0]["reasoning"],
    }


CONTENDERS: dict[str, Callable[[Path], float]] = {"ours": ours, "loop": loop}

if __name__ == "__main__":
    main()
