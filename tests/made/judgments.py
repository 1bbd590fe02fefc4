"""Samples of a benchmark and judgments of models about them, for tests of what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from sparkle_curation.bench.results.collecting import JUDGMENT_SCHEMA, SCORE_SCHEMA
from sparkle_curation.bench.results.panel import JUDGED, Panel, Scale, build_panels
from sparkle_curation.spec.themes import THEMES

RUBRIC, JUDGE = "sparkle", "judge-1"
SCALE = Scale(
    keys=("instruction", "visual", "fg_integrity", "fg_motion", "bg_dynamics", "bg_visual"),
    worst=1,
    best=5,
    capped_by="instruction",
)
SCALES = {RUBRIC: SCALE}

Answers = Mapping[str, Sequence[int] | str]
"""Sample -> raw scores, or the state of a failure."""


def bench_samples(*rows: tuple[str, str, str, str | None]) -> pl.DataFrame:
    """Samples of a benchmark from id, theme, subtheme and hash of the source clip, in this order."""
    found = pl.DataFrame(rows, schema=["sample_id", "theme", "subtheme", "content_hash"], orient="row")
    return found.with_columns(
        pl.col("subtheme", "content_hash").cast(pl.String),
        scene=pl.lit("a quiet bay"),
        edit_prompt="Put " + pl.col("sample_id") + " there.",
        source_path="source_videos/" + pl.col("sample_id") + ".mp4",
    )


def even_samples(subthemes: Sequence[str] = ("dawn", "dusk"), count: int = 3) -> pl.DataFrame:
    """So many samples of each subtheme of the first two themes, each of a clip of its own."""
    return bench_samples(
        *(
            (f"{theme}_{subtheme}_{place}", theme, subtheme, f"{theme}{subtheme}{place}")
            for theme in THEMES[:2]
            for subtheme in subthemes
            for place in range(count)
        )
    )


def judged(
    models: Mapping[str, Answers], *, judge: str = JUDGE, repeat: int = 0, answering: str | None = "m-1"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``bench_judgments`` and ``bench_scores`` of some models, capped as the rubric has it."""
    judgments: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    for model, answers in models.items():
        for sample_id, answer in answers.items():
            key = {"model": model, "sample_id": sample_id, "rubric": RUBRIC, "judge": judge, "repeat": repeat}
            state = answer if isinstance(answer, str) else JUDGED
            judgments.append(
                {**key, "state": state, "answering_model": answering, "answer_text": f"{sample_id} is fine."}
            )
            if not isinstance(answer, str):
                scores += [
                    {**key, "dimension": name, "raw_score": raw, "capped_score": min(raw, answer[0])}
                    for name, raw in zip(SCALE.keys, answer, strict=True)
                ]
    return pl.DataFrame(judgments, schema=JUDGMENT_SCHEMA), pl.DataFrame(scores, schema=SCORE_SCHEMA)


def published(model: str, answers: Mapping[str, Sequence[int]], *, judge: str = JUDGE) -> pl.DataFrame:
    """``bench_published_scores`` of a model, as far as a report reads it."""
    rows = [
        (model, judge, sample_id, RUBRIC, key, score)
        for sample_id, scores in answers.items()
        for key, score in zip(SCALE.keys, scores, strict=False)
    ]
    return pl.DataFrame(
        rows,
        schema={
            **dict.fromkeys(("model", "judge", "sample_id", "rubric", "dimension"), pl.String),
            "score": pl.Int32,
        },
        orient="row",
    )


def panel_of(samples: pl.DataFrame, answers: Mapping[str, Answers], **options: Any) -> Panel:
    """The one panel of some models' judgments."""
    (panel,) = build_panels(samples, *judged(answers), SCALES, **options)
    return panel


def all_alike(samples: pl.DataFrame, *scores: int) -> dict[str, Sequence[int] | str]:
    """Every sample with the same scores."""
    return dict.fromkeys(samples["sample_id"], scores)
