"""Score files of the published evaluator, read into judgments; what is wrong with them is told and not passed over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from sparkle_curation.bench.results.means import table_schema
from sparkle_curation.bench.results.panel import JUDGED, Scale
from sparkle_curation.spec.codes.published_score_faults import PublishedFault as Fault
from sparkle_curation.spec.tables.bench_results import BENCH_PUBLISHED_FAULT_COLUMNS
from sparkle_curation.spec.themes import in_order

NOT_PUBLISHED = "not_published"
"""State of a sample that the files have no scores of: why is not known."""

JUDGMENT_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("model", "sample_id", "rubric", "judge"), pl.String),
        "repeat": pl.Int32,
        "state": pl.String,
        "answering_model": pl.String,
        "answer_text": pl.String,
    }
)
SCORE_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("model", "sample_id", "rubric", "judge"), pl.String),
        "repeat": pl.Int32,
        "dimension": pl.String,
        "raw_score": pl.Int32,
        "capped_score": pl.Int32,
    }
)
"""What a report reads of ``bench_judgments`` and ``bench_scores``."""


class PublishedScores(NamedTuple):
    """What was read.

    Attributes:
        judgments: with ``JUDGMENT_SCHEMA``: one row per model, rubric, judge and sample of the benchmark.
        scores: with ``SCORE_SCHEMA``; the scores before the cap are not published, so they are null.
        faults: ``BENCH_PUBLISHED_FAULT_COLUMNS``.
    """

    judgments: pl.DataFrame
    scores: pl.DataFrame
    faults: pl.DataFrame


class _Records(NamedTuple):
    """The sound records of a model's files by one judge and rubric: id -> scores and text, and its faults."""

    sound: dict[str, tuple[list[int], str]]
    faults: list[dict[str, Any]]


def read_published_scores(
    files: Mapping[str, Mapping[str, bytes]], samples: pl.DataFrame, scales: Mapping[str, Scale]
) -> PublishedScores:
    """Judgments of the models whose files are there, and all that is wrong with the files.

    Args:
        files: model -> name of a file, as the rubrics have them -> its content.
        samples: of the benchmark, in the order of its CSVs.
        scales: the rubrics by name.
    """
    judgments: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    for model, of_model in files.items():
        by_judge: dict[tuple[str, str], dict[str, str]] = {}
        for name in of_model:
            named = _parse_name(name, in_order(samples["theme"]), scales)
            if named is None:
                faults.append(_fault(model, name, Fault.UNKNOWN_FILE, detail=name))
            else:
                theme, judge, rubric = named
                by_judge.setdefault((judge, rubric), {})[theme] = name
        for (judge, rubric), by_theme in by_judge.items():
            found = _read_judge(model, by_theme, of_model, samples, scales[rubric])
            faults += found.faults
            key = {"rubric": rubric, "judge": judge, "repeat": 0}
            for sample_id in samples["sample_id"]:
                values, text = found.sound.get(sample_id, (None, None))
                of_sample = {"model": model, "sample_id": sample_id, **key}
                judgments.append({**of_sample, "state": JUDGED if values else NOT_PUBLISHED, "answer_text": text})
                scores += [
                    {**of_sample, "dimension": dimension, "capped_score": value}
                    for dimension, value in zip(scales[rubric].keys, values or (), strict=False)
                ]
    return PublishedScores(
        pl.DataFrame(judgments, schema=JUDGMENT_SCHEMA),
        pl.DataFrame(scores, schema=SCORE_SCHEMA),
        pl.DataFrame(faults, schema=table_schema(BENCH_PUBLISHED_FAULT_COLUMNS)),
    )


def _parse_name(name: str, themes: Iterable[str], scales: Mapping[str, Scale]) -> tuple[str, str, str] | None:
    """Theme, judge and rubric; None where no rubric has files of such a name."""
    for rubric, scale in scales.items():
        before, _, behind = (scale.published_names or "").partition("{judge}")
        for theme in themes:
            found = re.fullmatch(f"{re.escape(before.format(theme=theme))}(.+){re.escape(behind)}", name)
            if scale.published_names and found:
                return theme, found[1], rubric
    return None


def _read_judge(
    model: str,
    by_theme: Mapping[str, str],
    files: Mapping[str, bytes],
    samples: pl.DataFrame,
    scale: Scale,
) -> _Records:
    found = _Records({}, [])
    for theme in in_order(samples["theme"]):
        known = {row["sample_id"]: row for row in samples.filter(pl.col("theme") == theme).to_dicts()}
        name = by_theme.get(theme)
        if name is None:
            found.faults.append(_fault(model, theme, Fault.MISSING_FILE, detail=f"{len(known):,} samples"))
        else:
            found.faults.extend(_read_file(model, name, files[name], theme, known, scale, found.sound))
        lacking = [each for each in known if each not in found.sound] if name else []
        found.faults.extend(_fault(model, str(name), Fault.MISSING_ID, sample_id=each) for each in lacking)
    return found


def _read_file(
    model: str,
    name: str,
    content: bytes,
    theme: str,
    known: Mapping[str, Mapping[str, Any]],
    scale: Scale,
    sound: dict[str, tuple[list[int], str]],
) -> Iterator[dict[str, Any]]:
    """The faults of a file, line by line; its sound records are put into ``sound``."""
    order = {sample_id: place for place, sample_id in enumerate(known)}
    places: list[int] = []
    for number, line in enumerate(content.decode("utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        record = _parse_line(line)
        sample_id = str(record.get("id", ""))
        wrong = list(_faults_of(record, theme, known.get(sample_id), sample_id in sound, scale))
        for fault, detail in wrong:
            yield _fault(model, name, fault, line=number, sample_id=sample_id or None, detail=detail)
        if sample_id in order:
            places.append(order[sample_id])
        if all(fault.is_counted for fault, _ in wrong):
            cap = record["scores"][scale.keys.index(scale.capped_by)] if scale.capped_by else scale.best
            sound[sample_id] = [min(value, cap) for value in record["scores"]], str(record.get("result", ""))
    if places != sorted(places):
        yield _fault(model, name, Fault.WRONG_ORDER)


def _parse_line(line: str) -> dict[str, Any]:
    """The object of a line; empty for what is none."""
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _faults_of(
    record: Mapping[str, Any], theme: str, sample: Mapping[str, Any] | None, is_known: bool, scale: Scale
) -> Iterator[tuple[Fault, str]]:
    """The faults of a record, each with what was found; those of the scores only where the record is one of the sample."""
    if not record:
        yield Fault.BROKEN_LINE, "no JSON object"
        return
    if record.get("edit_type") != theme:
        yield Fault.OTHER_THEME, str(record.get("edit_type"))
    if sample is None:
        yield Fault.UNKNOWN_ID, str(record.get("id"))
        return
    if is_known:
        yield Fault.DUPLICATE_ID, "the first one counts"
    if record.get("prompt") != sample["edit_prompt"]:
        yield Fault.OTHER_PROMPT, str(record.get("prompt"))
    if (record.get("subtheme"), record.get("scene")) != (sample["subtheme"], sample["scene"]):
        yield Fault.OTHER_SCENE, f"{record.get('subtheme')}: {record.get('scene')}"
    scores = record.get("scores")
    if not _are_whole(scores, len(scale.keys)):
        yield Fault.BAD_SCORES, str(scores)
        return
    outside = [value for value in scores or () if not scale.worst <= value <= scale.best]
    if outside:
        yield Fault.OUT_OF_RANGE, str(scores)
    elif scale.capped_by and max(scores or [0]) > (scores or [0])[scale.keys.index(scale.capped_by)]:
        yield Fault.NOT_CAPPED, str(scores)


def _are_whole(scores: Any, count: int) -> bool:
    return isinstance(scores, list) and len(scores) == count and all(type(value) is int for value in scores)


def _fault(
    model: str, file: str, fault: Fault, *, line: int | None = None, sample_id: str | None = None, detail: str | None = None
) -> dict[str, Any]:
    return {
        "model": model,
        "file": file,
        "line": line,
        "sample_id": sample_id,
        "fault": fault.value,
        "is_counted": fault.is_counted,
        "detail": detail and detail[:200],
    }


def merge_published(
    judgments: pl.DataFrame | None, scores: pl.DataFrame | None, published: PublishedScores
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judgments and scores of one's own with the published ones, in the columns that a report reads.

    A model that was judged here by the same rubric and judge is not taken from the files, too.
    """
    keys = ["model", "rubric", "judge"]
    own, own_scores = (
        _in_schema(table, schema) for table, schema in ((judgments, JUDGMENT_SCHEMA), (scores, SCORE_SCHEMA))
    )
    further = published.judgments.join(own.select(keys).unique(), on=keys, how="anti")
    further_scores = published.scores.join(own.select(keys).unique(), on=keys, how="anti")
    return pl.concat([own, further]), pl.concat([own_scores, further_scores])


def _in_schema(table: pl.DataFrame | None, schema: pl.Schema) -> pl.DataFrame:
    if table is None or not table.width:
        return pl.DataFrame(schema=schema)
    names: Sequence[str] = list(schema)
    return table.select(names).cast(schema)  # type: ignore[arg-type]
