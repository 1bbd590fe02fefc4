"""Score tables made from the answers of passes, for tests of the audit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from tests.made.tables import table, theme_of

from sparkle_curation.scoring.audit.score_audit import find_score_faults
from sparkle_curation.scoring.editscore.score_scale import ScoreScale

SCORE_SCALE = ScoreScale()
NO_SCORE, OUT_OF_RANGE = SCORE_SCALE.no_score_answer, SCORE_SCALE.out_of_range_answer
SAMPLE = "Sparkle_time_000001"

Pairs = Sequence[tuple[float, float]]
"""One (SC, PQ) per pass, in answers."""


def frame(passes: Pairs, score_scale: ScoreScale = SCORE_SCALE, **changes: Any) -> dict[str, Any]:
    """The record of a frame with these passes; raw answers are the first pass's, none where it is made up."""
    sc, pq = [one for one, _ in passes], [one for _, one in passes]
    return {
        "SC_score": score_scale.mean_score(sc),
        "PQ_score": score_scale.mean_score(pq),
        "O_score": score_scale.overall(sc, pq),
        "SC_score_reasoning": "Fine.",
        "PQ_score_reasoning": "Sharp.",
        "SC_raw_output": raw_output(sc[0]),
        "PQ_raw_output": raw_output(pq[0]),
        **changes,
    }


def raw_output(answer: float) -> str:
    """A raw answer whose lower score is ``answer``; of an imputed value, one that EditScore finds nothing in."""
    if not float(answer).is_integer():
        return '{"reasoning": "The scores follow'
    return json.dumps({"reasoning": "Fine.", "score": [25, int(answer)]})


def still(passes: Sequence[tuple[float, float, float]], **changes: Any) -> dict[str, Any]:
    """The record of a still with these passes: success, consistency, and the lower PQ answer of each."""
    return {
        "prompt_following": SCORE_SCALE.mean_score([one for one, _, _ in passes]),
        "consistency": SCORE_SCALE.mean_score([one for _, one, _ in passes]),
        "perceptual_quality": SCORE_SCALE.mean_score([one for _, _, one in passes]),
        "overall": SCORE_SCALE.overall([min(a, b) for a, b, _ in passes], [one for _, _, one in passes]),
        "SC_reasoning": "Fine.",
        "PQ_reasoning": "Sharp.",
        **changes,
    }


def stills(name: str, by_id: Mapping[str, dict[str, Any]]) -> pl.DataFrame:
    """The ingested table of a still's scores."""
    rows = [
        {"id": key, "theme": theme_of(key), "editscore": record, "overall": record["overall"]}
        for key, record in by_id.items()
    ]
    return table(name, rows)


def videos(by_id: Mapping[str, Sequence[dict[str, Any]]]) -> pl.DataFrame:
    """The ingested table of the edited videos' scores; frames 1, 26, 51, ..."""
    rows = [
        {
            "id": key,
            "theme": theme_of(key),
            "frame_indices": [1 + 25 * place for place in range(len(frames))],
            "editscore": list(frames),
            "mean_o_score": sum(one["O_score"] for one in frames) / len(frames),
        }
        for key, frames in by_id.items()
    ]
    return table("edited_video_scores", rows)


def faults(
    first: Mapping[str, dict[str, Any]] | None = None,
    second: Mapping[str, dict[str, Any]] | None = None,
    video: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    score_scale: ScoreScale = SCORE_SCALE,
) -> pl.DataFrame:
    """What the audit finds in these records, by stage and id."""
    tables = {
        "edited_frame0": stills("edited_frame0_scores", first or {}).lazy(),
        "foreground_removed": stills("foreground_removed_scores", second or {}).lazy(),
        "edited_video": videos(video or {}).lazy(),
    }
    return find_score_faults(tables, score_scale)


def faults_of_frame(record: dict[str, Any], score_scale: ScoreScale = SCORE_SCALE) -> list[str]:
    """The rules that a frame violates."""
    return faults(video={SAMPLE: [record]}, score_scale=score_scale)["rule"].to_list()


def faults_of_still(record: dict[str, Any]) -> list[str]:
    """The rules that a still violates."""
    return faults(first={SAMPLE: record})["rule"].to_list()
