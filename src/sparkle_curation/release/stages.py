"""The three scored stages, in the order in which a sample passes them, and the paper's cut-offs.

Source: dataset card, "Per-task Pipeline Metadata": each rule there says "filter out samples with ... < x",
so a score equal to the cut-off is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

MIN_SCORE, MAX_SCORE = 0.0, 10.0
"""Bounds of every score and sub-score of the release (dataset card: "Sub-score (0-10)")."""


@dataclass(frozen=True)
class Stage:
    """A scored step.

    Attributes:
        name: the stage's name in parameters, tables and reports.
        table: the ingested table that holds its scores.
        score_column: the column of that table that is held against the cut-off.
        file_name: the JSONL file the table is ingested from, one a theme.
        published_cut_off: the cut-off of the release; keep is ``score >= cut-off``.
    """

    name: str
    table: str
    score_column: str
    file_name: str
    published_cut_off: float


STAGES: tuple[Stage, ...] = (
    Stage("edited_frame0", "edited_frame0_scores", "overall", "edited_frame0_score.jsonl", 8.0),
    Stage(
        "foreground_removed",
        "foreground_removed_scores",
        "overall",
        "edited_frame0_foreground_removed_score.jsonl",
        8.5,
    ),
    Stage("edited_video", "edited_video_scores", "mean_o_score", "edited_video_score.jsonl", 8.0),
)
STAGE_NAMES: tuple[str, ...] = tuple(stage.name for stage in STAGES)
