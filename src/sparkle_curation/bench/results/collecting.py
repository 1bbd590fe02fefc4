"""Judgments of one's own and scores that others have published, in one pair of tables that a report is made of."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sparkle_curation.bench.judging.rubric import choose_rubric
from sparkle_curation.bench.results.panel import JUDGED, Scale
from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.spec.codes.bench_states import JudgmentState

NOT_PUBLISHED = "not_published"
"""State of a sample that the published files have no sound scores of: why is not known."""

_ASKED = (JudgmentState.JUDGED, JudgmentState.UNPARSABLE, JudgmentState.REFUSED, JudgmentState.UNANSWERED)
"""States of what the judge was asked about."""

_RUBRIC_FILE = ".yml"
_ANSWER = ["model", "sample_id", "rubric", "judge"]
_GIVEN = ["model", "rubric", "judge"]

JUDGMENT_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(_ANSWER, pl.String),
        "repeat": pl.Int32,
        **dict.fromkeys(("state", "copy_of", "answering_model", "answer_text"), pl.String),
    }
)
SCORE_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(_ANSWER, pl.String),
        "repeat": pl.Int32,
        "dimension": pl.String,
        "raw_score": pl.Int32,
        "capped_score": pl.Int32,
    }
)
"""What a report reads of ``bench_judgments`` and ``bench_scores``."""


def read_scales(rubrics: Mapping[str, str]) -> dict[str, Scale]:
    """What a report is to know of each rubric, by its name."""
    scales = {}
    for file in sorted(rubrics):
        if file.endswith(_RUBRIC_FILE):
            rubric = choose_rubric(file.removesuffix(_RUBRIC_FILE), rubrics)
            scales[file.removesuffix(_RUBRIC_FILE)] = Scale(
                keys=rubric.keys,
                worst=rubric.scale[0],
                best=rubric.scale[1],
                capped_by=rubric.capped_by,
            )
    return scales


def collect(
    judgments: AnyFrame,
    scores: AnyFrame,
    published: AnyFrame,
    samples: pl.DataFrame,
    scales: Mapping[str, Scale],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judgments (``JUDGMENT_SCHEMA``) and scores (``SCORE_SCHEMA``).

    What the judge was not asked about, or did not answer, is no judgment: it says nothing of the model. A model that it was
    asked nothing about at all has none.

    What was judged here by the same rubric and judge is not taken from published files, too. Of those, each sample of the
    benchmark has a judgment, and scores before the cap are null: they are not published.

    Args:
        judgments: ``bench_judgments``; a table without columns where there is none, like the two that follow.
        scores: ``bench_scores``.
        published: ``bench_published_scores``.
        samples: of the benchmark.
        scales: the rubrics by name.
    """
    own, own_scores = _judged(_in_schema(judgments, JUDGMENT_SCHEMA)), _in_schema(scores, SCORE_SCHEMA)
    if not published.lazy().collect_schema():
        return own, own_scores
    theirs = published.lazy().collect().filter(pl.col("rubric").is_in(list(scales)))
    theirs = theirs.join(own.select(_GIVEN).unique(), on=_GIVEN, how="anti").with_columns(
        repeat=pl.lit(0, pl.Int32)
    )
    cap = pl.col("rubric").replace_strict(
        {name: each.capped_by for name, each in scales.items()}, return_dtype=pl.String
    )
    limit = pl.col("score").filter(pl.col("dimension") == cap).first().over(_ANSWER)
    further_scores = theirs.with_columns(
        raw_score=pl.lit(None, pl.Int32), capped_score=pl.min_horizontal("score", limit)
    )
    sizes = pl.col("rubric").replace_strict({name: len(each.keys) for name, each in scales.items()})
    whole = theirs.group_by(_ANSWER).agg(pl.len().alias("n")).filter(pl.col("n") == sizes)
    state = pl.when(pl.col("n").is_null()).then(pl.lit(NOT_PUBLISHED)).otherwise(pl.lit(JUDGED))
    further = (
        theirs.select(_GIVEN)
        .unique(maintain_order=True)
        .join(samples.select("sample_id"), how="cross")
        .join(whole, on=_ANSWER, how="left", maintain_order="left")
        .with_columns(
            state.alias("state"),
            repeat=pl.lit(0, pl.Int32),
            copy_of=pl.lit(None, pl.String),
            answering_model=pl.lit(None, pl.String),
            answer_text=pl.lit(None, pl.String),
        )
    )
    return (
        pl.concat([own, _in_schema(further, JUDGMENT_SCHEMA)]),
        pl.concat([own_scores, _in_schema(further_scores, SCORE_SCHEMA)]),
    )


def _judged(judgments: pl.DataFrame) -> pl.DataFrame:
    """The rows that say something of a model's output: judged, or failed for a reason of its own."""
    state = pl.col("state")
    was_asked = state.is_in([each.value for each in _ASKED]).any().over(_GIVEN)
    is_all_said = (state != JudgmentState.NOT_ASKED.value).all().over(_GIVEN)
    is_open = state.is_in([JudgmentState.NOT_ASKED.value, JudgmentState.UNANSWERED.value])
    return judgments.filter((was_asked | is_all_said) & ~is_open)


def count_copies(judgments: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Model, what its outputs are copies of, and how many are; each output once, however often it was judged.

    Args:
        judgments: ``JUDGMENT_SCHEMA``.
    """
    outputs = judgments.drop_nulls("copy_of").unique(["model", "sample_id"])
    return outputs.group_by("model", "copy_of").len().sort("model", "copy_of").rows()


def _in_schema(table: AnyFrame, schema: pl.Schema) -> pl.DataFrame:
    """The columns of the schema; one that a table of before lacks is null."""
    known = table.lazy().collect_schema()
    if not known:
        return pl.DataFrame(schema=schema)
    columns = [
        (pl.col(name) if name in known else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    ]
    return table.lazy().select(columns).collect()
