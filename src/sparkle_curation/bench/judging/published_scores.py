"""Scores that others publish, as the published evaluator writes them: what can be used of them, and what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from sparkle_curation.bench.judging.answers import BenchAnswer, parse_answer
from sparkle_curation.bench.judging.rubric import Rubric
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.model_jobs.answers import refuse_constant
from sparkle_curation.spec.codes.bench_states import PublishedFault
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.benchmark import (
    BENCH_PUBLISHED_FAULT_COLUMNS,
    BENCH_PUBLISHED_SCORE_COLUMNS,
)

Row = dict[str, Any]

_SHOWN_CHARS, _MOST_CHARS = 120, 400
_THEME, _JUDGE = "{theme}", "{judge}"


@dataclass
class _Findings:
    """What was found so far."""

    rows: list[Row] = field(default_factory=list)
    faults: list[Row] = field(default_factory=list)


def read_published(
    folders: Mapping[str, ReleaseFiles], samples: pl.DataFrame, name: str, rubric: Rubric
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``bench_published_scores`` and ``bench_published_faults`` of all models.

    Args:
        folders: model -> its folder of outputs, in which its files of scores lie.
        samples: ``bench_samples``.
        name: of the rubric.
        rubric: that the scores are of.

    Raises:
        ReleaseError: no model has a file of scores, or the rubric's are not published.
    """
    themes = samples["theme"].unique(maintain_order=True).to_list()
    pattern = (rubric.published and rubric.published.scores) or ""
    found = _Findings()
    is_any = False
    for model, folder in folders.items():
        files = list(find_files(folder, pattern, themes))
        is_any |= bool(files)
        for judge in sorted({judge for _, judge, _ in files}):
            mine = {theme: path for theme, each, path in files if each == judge}
            for theme in themes:
                rows = samples.filter(pl.col("theme") == theme)
                if theme in mine:
                    _FileReader(model, judge, theme, mine[theme], rows, (name, rubric), found).read(folder)
                    continue
                absent = pattern.replace(_THEME, theme).replace(_JUDGE, judge)
                found.faults.append(
                    {
                        "model": model,
                        "file": absent,
                        "fault": PublishedFault.MISSING_FILE.value,
                        "detail": f"{rows.height:,} samples of {theme} have no scores",
                    }
                )
    if not is_any:
        raise ReleaseError(
            "There is no file of published scores",
            where=", ".join(folder.root for folder in folders.values()) or "bench_models",
            allowed=f"{pattern} in the folder of a model"
            if pattern
            else f"none: those of {name} name no samples",
            todo="name the folder that holds them: --params bench_models.NAME=/path/to/outputs"
            if pattern
            else "judge the outputs themselves: kedro run --pipelines bench_outputs,bench_evaluate",
        )
    return (
        _frame(found.rows, arrow_schema(BENCH_PUBLISHED_SCORE_COLUMNS)),
        _frame(found.faults, arrow_schema(BENCH_PUBLISHED_FAULT_COLUMNS)),
    )


def find_files(folder: ReleaseFiles, pattern: str, themes: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Theme, judge and path of each file of published scores in the folder of a model, by name."""
    form = re.escape(pattern).replace(re.escape(_JUDGE), "(?P<judge>.+)")
    form = form.replace(re.escape(_THEME), f"(?P<theme>{'|'.join(map(re.escape, themes))})")
    for file in folder.files_in() if pattern else []:
        match = re.fullmatch(form, file.path)
        if match:
            yield match["theme"], match["judge"], file.path


class _FileReader:
    """Reads one file, a record a line; what is wrong with a record is noted, and what is sound of it is used."""

    def __init__(
        self,
        model: str,
        judge: str,
        theme: str,
        path: str,
        samples: pl.DataFrame,
        rubric: tuple[str, Rubric],
        found: _Findings,
    ) -> None:
        self._constants = {"model": model, "judge": judge, "rubric": rubric[0], "file": path}
        self._path, self._theme, self._rubric, self._found = path, theme, rubric[1], found
        self._samples = {row["sample_id"]: row for row in samples.iter_rows(named=True)}
        self._order = {sample_id: place for place, sample_id in enumerate(self._samples)}
        self._seen: dict[str, object] = {}
        self._last = -1
        self._is_disorder_told = False

    def read(self, folder: ReleaseFiles) -> None:
        """All of the file, then what it lacks."""
        with folder.open(self._path) as file:
            text = file.read().decode(errors="surrogateescape")
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                self._read_line(number, line)
        for sample_id in self._samples:
            if sample_id not in self._seen:
                self._note(PublishedFault.MISSING, None, sample_id, "no record")

    def _read_line(self, number: int, line: str) -> None:
        try:
            record = json.loads(line, parse_constant=refuse_constant)
        except (ValueError, RecursionError) as error:
            self._note(PublishedFault.NOT_READ, number, None, f"{error}: {line[:_SHOWN_CHARS]}")
            return
        sample_id = record.get("id") if isinstance(record, dict) else None
        if not isinstance(sample_id, str) or "scores" not in record:
            self._note(PublishedFault.NOT_READ, number, None, f"no id or scores: {line[:_SHOWN_CHARS]}")
            return
        sample = self._samples.get(sample_id)
        scores = record["scores"]
        if sample is None:
            self._note(
                PublishedFault.UNKNOWN_ID, number, sample_id, f"not among the samples of {self._theme}"
            )
            return
        if sample_id in self._seen:
            is_same = self._seen[sample_id] == scores
            fault = PublishedFault.DUPLICATE if is_same else PublishedFault.CONTRADICTION
            self._note(fault, number, sample_id, f"{scores} after {self._seen[sample_id]}")
            return
        self._seen[sample_id] = scores
        self._check_place(number, sample_id)
        self._check_facts(number, record, sample)
        if self._check_scores(number, sample_id, scores):
            self._check_text(number, sample_id, scores, record.get("result"))
            for key, score in zip(self._rubric.keys, scores, strict=True):
                grain = {"sample_id": sample_id, "theme": self._theme, "dimension": key}
                self._found.rows.append({**self._constants, **grain, "score": score, "line": number})

    def _check_place(self, number: int, sample_id: str) -> None:
        place = self._order[sample_id]
        if place < self._last and not self._is_disorder_told:
            self._is_disorder_told = True
            self._note(
                PublishedFault.DISORDER, number, sample_id, "it stands before the one above in the CSV"
            )
        self._last = max(self._last, place)

    def _check_facts(self, number: int, record: Row, sample: Row) -> None:
        """What the record tells beside its scores, against the benchmark."""
        sample_id = sample["sample_id"]
        theme = record.get("edit_type", self._theme)
        if theme != self._theme:
            self._note(PublishedFault.WRONG_THEME, number, sample_id, f"{theme}; {self._theme} by its file")
        if record.get("prompt", sample["edit_prompt"]) != sample["edit_prompt"]:
            self._note(PublishedFault.OTHER_PROMPT, number, sample_id, str(record["prompt"])[:_SHOWN_CHARS])
        told = (record.get("subtheme", sample["subtheme"]), record.get("scene", sample["scene"]))
        if told != (sample["subtheme"], sample["scene"]):
            self._note(PublishedFault.OTHER_KEYWORD, number, sample_id, " / ".join(map(str, told)))

    def _check_scores(self, number: int, sample_id: str, scores: object) -> bool:
        """Whether the scores can be used."""
        low, high = self._rubric.scale
        keys = self._rubric.keys
        if not isinstance(scores, list) or len(scores) != len(keys):
            self._note(PublishedFault.WRONG_COUNT, number, sample_id, f"{scores}; {len(keys)} wanted")
            return False
        if not all(type(score) is int for score in scores):
            self._note(PublishedFault.NOT_WHOLE, number, sample_id, str(scores))
            return False
        if not all(low <= score <= high for score in scores):
            self._note(PublishedFault.OUT_OF_RANGE, number, sample_id, f"{scores}; {low} to {high} wanted")
            return False
        given = dict(zip(keys, scores, strict=True))
        if self._rubric.cap(given) != given:
            self._note(
                PublishedFault.ABOVE_CAP, number, sample_id, f"{scores}; capped by {self._rubric.capped_by}"
            )
        return True

    def _check_text(self, number: int, sample_id: str, scores: Sequence[int], text: object) -> None:
        if not isinstance(text, str):
            return
        read = parse_answer(storable(text), self._rubric)
        if not isinstance(read, BenchAnswer):
            self._note(PublishedFault.OTHER_TEXT, number, sample_id, f"{scores}; {read.fault}: {read.detail}")
            return
        capped = list(self._rubric.cap(read.scores).values())
        if capped != list(scores):
            self._note(PublishedFault.OTHER_TEXT, number, sample_id, f"{scores}; {capped} by the text")

    def _note(self, fault: PublishedFault, line: int | None, sample_id: str | None, detail: str) -> None:
        self._found.faults.append(
            {
                "model": self._constants["model"],
                "file": self._constants["file"],
                "line": line,
                "sample_id": sample_id and _short(storable(sample_id)),
                "fault": fault.value,
                "detail": _short(storable(detail)),
            }
        )


def _short(text: str) -> str:
    """The text, cut where a file has much of it: one line may be as long as all others together."""
    return text if len(text) <= _MOST_CHARS else f"{text[:_SHOWN_CHARS]}... ({len(text):,} characters)"


def _frame(rows: Sequence[Row], schema: pa.Schema) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(pa.Table.from_pylist(list(rows), schema=schema)))
