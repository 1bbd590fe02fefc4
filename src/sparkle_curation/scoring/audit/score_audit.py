"""The audit of recorded scores: which of them EditScore cannot have given without imputing a value.

No model is asked; the numbers alone tell. Sources: EditScore, ``editscore/__init__.py``, for what each rule says;
the dataset card, "Per-task Pipeline Metadata", for what is recorded. A still is scored by ``evaluate`` (recorded
with the reasons of its last pass), a frame of the edited video by ``batch_evaluate`` (reasons and raw answers of
its first pass).

The rules (``release.score_rules.ScoreRule``):

- ``guess_marker``: ``evaluate`` draws both answers of a pass at random when it cannot parse one, and marks the
  reasoning with ``guess_if_cannot_parse``. Only the last pass's reasoning is recorded, and a drawn answer is an
  integer: a guess in an earlier pass is indistinguishable from an answer.
- ``off_lattice``: see ``scoring.audit.lattice``. A judge that answers in half points gives such means too; the prompt asks
  for integers.
- ``above_geometric_mean``: a pass's overall score is ``sqrt(SC * PQ)``, so by Cauchy-Schwarz their mean is at most
  the root of the product of the means, whatever the values; of a still, SC is at most either of its two means.
- ``raw_output_unparsable``: the first pass's answer is none (``model_jobs.answers``). EditScore then takes what looks
  like numbers, or makes one up; by itself this proves nothing.
- ``raw_output_impossible_mean``: what the first pass's answer leaves to the others is below 0 or above the range.
- ``no_pass_decomposition``: no whole answers of the other passes reproduce the overall score to 1e-9. Looked for
  where no other rule explains the frame; finds two imputed values that cancel out on the lattice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.model_jobs.answers import ANSWER_TYPE, parse_answers
from sparkle_curation.scoring.agreement import is_met
from sparkle_curation.scoring.audit.lattice import is_on_lattice, lattice_evidence, sum_of_answers
from sparkle_curation.scoring.audit.pass_search import Recorded, is_made_of_passes, overall_without
from sparkle_curation.scoring.editscore.score_scale import DEFAULT_SCORE_SCALE, ScoreScale
from sparkle_curation.spec.codes.score_rules import ScoreRule
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES, Stage
from sparkle_curation.spec.tables.ingested import SCORE_AUDIT_COLUMNS, SCORE_FAULT_COLUMNS

GUESS_MARKER = "guess_if_cannot_parse"
_TOLERANCE = 1e-9
_SLICE_ROWS = 32_768
"""Samples looked at together. The evidence of a sample is in its own row, and that of 1.4 million together takes 8 GB."""
_RAW_OUTPUTS = ("SC_raw_output", "PQ_raw_output")

AnyFrame = pl.DataFrame | pl.LazyFrame


def find_score_faults(
    tables: Mapping[str, AnyFrame], score_scale: ScoreScale = DEFAULT_SCORE_SCALE
) -> pl.DataFrame:
    """The violations (``SCORE_FAULT_COLUMNS``): one row per sample, stage, frame and violated rule.

    In the order of the stages, then by id, frame and rule. A row whose scores are null has no violation.

    Args:
        tables: the ingested tables of scores by the stage's name; ``id, theme, editscore``, of frames
            ``frame_indices``, and the primary criterion's column are read.
        score_scale: the settings that the scores were made with.
    """
    found = [
        (_frame_faults if stage.is_of_frames else _still_faults)(stage, rows, score_scale)
        for stage in STAGES
        if not stage.is_of_values  # of which nobody knows how they were made
        for rows in _slices_of(tables[stage.name])
    ]
    if not found:
        return frame_schema(SCORE_FAULT_COLUMNS).to_frame()
    faults = pl.concat(found).with_columns(
        pl.col("rule").is_in([rule.value for rule in ScoreRule if rule.is_imputed]).alias("is_imputed")
    )
    stages, rules = pl.Enum(STAGE_NAMES), pl.Enum([rule.value for rule in ScoreRule])
    return faults.sort(pl.col("stage").cast(stages), "id", "frame", pl.col("rule").cast(rules)).select(
        field.name for field in SCORE_FAULT_COLUMNS
    )


def _slices_of(table: AnyFrame) -> Iterator[pl.LazyFrame]:
    """The rows of a table, not yet read, some at a time; at least one slice, which is empty where there are none."""
    rows = table.lazy()
    row_count = rows.select(pl.len()).collect().item()
    return (rows.slice(start, _SLICE_ROWS) for start in range(0, max(row_count, 1), _SLICE_ROWS))


def compare_with_thresholds(score_faults: AnyFrame, thresholds: Mapping[str, float]) -> pl.DataFrame:
    """The audit (``SCORE_AUDIT_COLUMNS``): each violation, and whether its sample would change sides.

    Args:
        score_faults: from ``find_score_faults``.
        thresholds: by the stage's name; a score equal to it is kept.
    """
    is_kept, would_be_kept = (
        is_met(pl.col(name), pl.col("threshold")) for name in ("score", "score_without_imputed_pass")
    )
    return (
        score_faults.lazy()
        .with_columns(
            pl.col("stage")
            .replace_strict(list(thresholds), list(thresholds.values()), return_dtype=pl.Float64)
            .alias("threshold")
        )
        .with_columns((is_kept != would_be_kept).alias("changes_side"))
        .select(field.name for field in SCORE_AUDIT_COLUMNS)
        .collect()
    )


# ------------------------------------------------------------------ stills
def _still_faults(stage: Stage, scores: AnyFrame, score_scale: ScoreScale) -> pl.DataFrame:
    member = pl.col("editscore").struct.field
    names = ("prompt_following", "consistency", "perceptual_quality")
    marked = [
        pl.when(_has_marker(member(name))).then(pl.lit(name)) for name in ("SC_reasoning", "PQ_reasoning")
    ]
    stills = (
        scores.lazy()
        .select(
            "id",
            "theme",
            pl.col(stage.score_column).alias("score"),
            *(member(name) for name in names),
            member("overall").alias("overall"),
            _joined(marked).alias("marked"),
        )
        .collect(engine="streaming")
    )
    lower = pl.min_horizontal("prompt_following", "consistency")
    bound = (lower * pl.col("perceptual_quality")).sqrt()
    above = pl.format("overall {} > sqrt(min({}, {}) * {}) = {}", "overall", *names, bound.round(9))
    evidence = {
        ScoreRule.GUESS_MARKER: pl.format(f"{GUESS_MARKER} in {{}}", "marked"),
        ScoreRule.OFF_LATTICE: _joined([lattice_evidence(pl.col(name), name, score_scale) for name in names]),
        ScoreRule.ABOVE_GEOMETRIC_MEAN: pl.when(pl.col("overall") > bound + _TOLERANCE).then(above),
    }
    without = pl.lit(None, pl.Float64).alias("score_without_imputed_pass")
    return _violations(stage, stills.with_columns(without, pl.lit(None, pl.Int32).alias("frame")), evidence)


# ------------------------------------------------------------------ frames of the edited video
def _frame_faults(stage: Stage, scores: AnyFrame, score_scale: ScoreScale) -> pl.DataFrame:
    frames = _read_frames(stage, scores, score_scale).with_columns(_sums(score_scale))
    evidence = _frame_evidence(score_scale)
    frames = frames.with_columns(text.alias(rule.value) for rule, text in evidence.items())
    frames = frames.with_columns(
        _decomposition_evidence(frames, score_scale).alias(ScoreRule.NO_PASS_DECOMPOSITION.value)
    )
    frames = frames.join(
        _without_imputed_passes(frames, score_scale), on="id", how="left", maintain_order="left"
    )
    rules = [*evidence, ScoreRule.NO_PASS_DECOMPOSITION]
    return _violations(stage, frames, {rule: pl.col(rule.value) for rule in rules})


def _read_frames(stage: Stage, scores: AnyFrame, score_scale: ScoreScale) -> pl.DataFrame:
    """One row per scored frame: its numbers, the first pass's answers, and the marked reasonings.

    No text leaves the engine: a gigabyte of raw answers comes down to six small columns.
    """
    reasonings = ("SC_score_reasoning", "PQ_score_reasoning")
    parsed = [
        pl.col(name).map_batches(
            lambda texts: parse_answers(texts, score_scale.score_range),
            return_dtype=ANSWER_TYPE,
            is_elementwise=True,
        )
        for name in _RAW_OUTPUTS
    ]
    return (
        scores.lazy()
        .select("id", "theme", pl.col(stage.score_column).alias("score"), "frame_indices", "editscore")
        .filter(pl.col("editscore").list.len() > 0)
        .explode("frame_indices", "editscore")
        .unnest("editscore")
        .select(
            "id",
            "theme",
            "score",
            pl.col("frame_indices").alias("frame"),
            "SC_score",
            "PQ_score",
            "O_score",
            *parsed,
            _joined([pl.when(_has_marker(pl.col(name))).then(pl.lit(name)) for name in reasonings]).alias(
                "marked"
            ),
        )
        .collect(engine="streaming")
    )


def _sums(score_scale: ScoreScale) -> list[pl.Expr]:
    """Each frame's recorded scores as sums of answers over all passes, and over those after the first."""
    sums = {
        "sc": sum_of_answers(pl.col("SC_score"), score_scale),
        "pq": sum_of_answers(pl.col("PQ_score"), score_scale),
        "root": pl.col("O_score") * score_scale.answers_per_point,
    }
    first = {"sc": _first("SC"), "pq": _first("PQ"), "root": (_first("SC") * _first("PQ")).sqrt()}
    return [
        *(total.alias(f"{name}_sum") for name, total in sums.items()),
        *((total - first[name]).alias(f"{name}_rest") for name, total in sums.items()),
    ]


def _frame_evidence(score_scale: ScoreScale) -> dict[ScoreRule, pl.Expr]:
    bound = (pl.col("SC_score") * pl.col("PQ_score")).sqrt()
    above = pl.format("O_score {} > sqrt({} * {}) = {}", "O_score", "SC_score", "PQ_score", bound.round(9))
    faults = [pl.format(f"{name}: {{}}", pl.col(name).struct.field("fault")) for name in _RAW_OUTPUTS]
    return {
        ScoreRule.GUESS_MARKER: pl.format(f"{GUESS_MARKER} in {{}}", "marked"),
        ScoreRule.OFF_LATTICE: _joined(
            [lattice_evidence(pl.col(name), name, score_scale) for name in ("SC_score", "PQ_score")]
        ),
        ScoreRule.ABOVE_GEOMETRIC_MEAN: pl.when(pl.col("O_score") > bound + _TOLERANCE).then(above),
        ScoreRule.RAW_OUTPUT_UNPARSABLE: _joined(faults),
        ScoreRule.RAW_OUTPUT_IMPOSSIBLE_MEAN: _joined(
            [_impossible(question, score_scale) for question in ("SC", "PQ")]
        ),
    }


def _impossible(question: str, score_scale: ScoreScale) -> pl.Expr:
    """Why the other passes cannot have what the first leaves them; null where they can, or where none is told."""
    most = (score_scale.passes - 1) * score_scale.score_range
    score, rest = pl.col(f"{question}_score"), pl.col(f"{question.lower()}_rest")
    text = pl.format(
        f"{question}_raw_output counts {{}}, {question}_score {{}} is the mean of {score_scale.passes}: "
        f"the others would add up to {{}}, of 0-{most}",
        _first(question),
        score,
        rest.cast(pl.Int64, strict=False),
    )
    return pl.when(is_on_lattice(score, score_scale) & ~rest.is_between(0, most)).then(text)


def _decomposition_evidence(frames: pl.DataFrame, score_scale: ScoreScale) -> pl.Series:
    """Why no passes make a frame's overall score; null where some do, or where another rule explains the frame."""
    explained = [rule.value for rule in ScoreRule if rule is not ScoreRule.NO_PASS_DECOMPOSITION]
    is_open = (
        pl.all_horizontal(pl.col(name).is_null() for name in explained) & pl.col("root_rest").is_not_null()
    )
    asked = frames.select(is_open.alias("is_open"), "sc_rest", "pq_rest", "root_rest").with_row_index("row")
    asked = asked.filter("is_open")
    asked = asked.filter(~is_made_of_passes(score_scale, asked))
    text = pl.format(
        f"no {score_scale.passes - 1} passes beside the first (SC {{}}, PQ {{}}) have SC_score {{}}, PQ_score {{}} and "
        "O_score {}",
        _first("SC"),
        _first("PQ"),
        "SC_score",
        "PQ_score",
        "O_score",
    )
    is_unmade = pl.int_range(pl.len()).is_in(asked["row"].implode())
    return frames.select(pl.when(is_unmade).then(text).alias("evidence")).to_series()


def _without_imputed_passes(frames: pl.DataFrame, score_scale: ScoreScale) -> pl.DataFrame:
    """One row per imputed sample: ``id``, ``score_without_imputed_pass`` (null where a pass cannot be left out)."""
    imputed = [pl.col(rule.value).is_not_null() for rule in ScoreRule if rule.is_imputed]
    frames = frames.with_columns(pl.any_horizontal(imputed).alias("is_imputed"))
    frames = frames.filter(pl.col("is_imputed").any().over("id"))
    records = frames.select("sc_sum", "pq_sum", "root_sum", _first("SC"), _first("PQ").alias("pq_first"))
    overall = [
        overall_without(score_scale, Recorded(*record)) if is_imputed else recorded
        for record, is_imputed, recorded in zip(
            records.iter_rows(), frames["is_imputed"], frames["O_score"], strict=True
        )
    ]
    mean = pl.when(pl.col("overall").is_not_null().all()).then(pl.col("overall").mean())
    return (
        frames.select("id", pl.Series("overall", overall, pl.Float64))
        .group_by("id")
        .agg(mean.alias("score_without_imputed_pass"))
    )


# ------------------------------------------------------------------ shared
def _first(question: str) -> pl.Expr:
    """The answer that counts of the first pass: the lower of its two scores; null where it is unparsable."""
    return pl.col(f"{question}_raw_output").struct.field("low")


def _has_marker(reasoning: pl.Expr) -> pl.Expr:
    return reasoning.str.contains(GUESS_MARKER, literal=True)


def _joined(texts: Sequence[pl.Expr]) -> pl.Expr:
    """The texts that are not null, as one; null where all are."""
    joined = pl.concat_str(texts, separator="; ", ignore_nulls=True)
    return pl.when(pl.any_horizontal(text.is_not_null() for text in texts)).then(joined)


def _violations(stage: Stage, scored: pl.DataFrame, evidence: Mapping[ScoreRule, pl.Expr]) -> pl.DataFrame:
    """One row per scored row and rule whose evidence is not null, without ``is_imputed``."""
    columns = {"stage": pl.lit(stage.name)}
    found = [
        scored.lazy()
        .with_columns(text.alias("evidence"))
        .filter(pl.col("evidence").is_not_null())
        .select(
            {**columns, "rule": pl.lit(rule.value)}.get(name, pl.col(name)).cast(dtype).alias(name)
            for name, dtype in frame_schema(SCORE_FAULT_COLUMNS).items()
            if name != "is_imputed"
        )
        for rule, text in evidence.items()
    ]
    return pl.concat(pl.collect_all(found))
