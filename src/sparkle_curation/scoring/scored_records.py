"""A scoring as the release writes it: the members of ``editscore``, for a still and for a frame of a video.

Source: dataset card, "Per-task Pipeline Metadata", and EditScore's two functions: ``evaluate()`` keeps the reasons
of the last pass, ``batch_evaluate()`` reasons and raw output of the first.
"""

from __future__ import annotations

from typing import Any

from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import Scoring


def still_record(scoring: Scoring, score_scale: ScoreScale) -> dict[str, Any]:
    """``editscore`` of a still picture; the scoring has no fault."""
    consistency, quality = scoring.answers("SC"), scoring.answers("PQ")
    lowest = [min(pair) for pair in quality]
    return {
        "prompt_following": score_scale.mean_score([first for first, _ in consistency]),
        "consistency": score_scale.mean_score([second for _, second in consistency]),
        "perceptual_quality": score_scale.mean_score(lowest),
        "overall": score_scale.overall([min(pair) for pair in consistency], lowest),
        "SC_reasoning": scoring.reasoning("SC", -1),
        "PQ_reasoning": scoring.reasoning("PQ", -1),
    }


def frame_record(scoring: Scoring, score_scale: ScoreScale) -> dict[str, Any]:
    """``editscore`` of one frame of a video; the scoring has no fault."""
    consistency = [min(pair) for pair in scoring.answers("SC")]
    quality = [min(pair) for pair in scoring.answers("PQ")]
    return {
        "SC_score": score_scale.mean_score(consistency),
        "PQ_score": score_scale.mean_score(quality),
        "O_score": score_scale.overall(consistency, quality),
        "SC_score_reasoning": scoring.reasoning("SC", 0),
        "PQ_score_reasoning": scoring.reasoning("PQ", 0),
        "SC_raw_output": scoring.texts("SC")[0],
        "PQ_raw_output": scoring.texts("PQ")[0],
    }
