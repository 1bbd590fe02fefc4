"""The rows of the made release: what stands in its CSVs and JSONL files, as Python objects."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.tables.ingested import CSV_COLUMNS
from sparkle_curation.spec.themes import METADATA_EDIT_TYPES
from synthetic.clips import BOX_STRIDE, Clip, bounding_box
from synthetic.editscores import Pass, draw_passes, frame_scores, overall_score, still_scores
from synthetic.plan import Band, SamplePlan
from synthetic.texts import pq_reason, sc_reason

SCORED_FRAMES = 4
_FRAME_SPREAD = 0.35  # how far a frame's score may lie from its video's band
_MISSED_SHARE = 0.04  # of the boxes of round 2 that the model did not find

Record = dict[str, Any]


def csv_row(plan: SamplePlan) -> tuple[str, ...]:
    """The cells of a sample in the training CSV, in the order of ``CSV_COLUMNS``."""
    theme, sample_id = plan.id.theme, str(plan.id)
    cells = {
        "prompt": plan.prompt,
        "src_video": asset_path(theme, "source_video", sample_id),
        "tgt_video": asset_path(theme, "edited_video", sample_id),
        "task": sample_id,
    }
    return tuple(cells[column] for column in CSV_COLUMNS)


def metadata_record(plan: SamplePlan) -> Record:
    """A line of ``{theme}_train_metadata.jsonl``; openve3m has no keyword."""
    theme = plan.id.theme
    keyword = {} if theme == "openve3m" else {"chosen_keyword": plan.keyword}
    metadata = {
        "edit_type": METADATA_EDIT_TYPES[theme],
        **keyword,
        "original_scene": plan.original_scene,
    }
    return {"id": str(plan.id), "prompt": plan.prompt, "metadata": metadata}


def still_score_record(plan: SamplePlan, stage: str, rng: np.random.Generator) -> Record:
    """A line of one of the two score files of stills; its reasons are those of the last pass."""
    passes = draw_passes(rng, *plan.bands[stage])
    editscore = {
        **still_scores(passes),
        "SC_reasoning": sc_reason(_sc_score(passes[-1]), 2, rng),
        "PQ_reasoning": pq_reason(_pq_score(passes[-1]), 2, rng),
    }
    return {"id": str(plan.id), "prompt": plan.prompt, "editscore": editscore}


def video_score_record(plan: SamplePlan, rng: np.random.Generator) -> Record:
    """A line of the score file of edited videos: four frames that are not the first, evenly spread."""
    indices = np.linspace(1, plan.frame_count - 1, SCORED_FRAMES).astype(int).tolist()
    frames = _draw_frames(plan.bands["edited_video"], rng)
    editscore = [_frame_editscore(passes, rng) for passes in frames]
    return {"id": str(plan.id), "prompt": plan.prompt, "frame_indices": indices, "editscore": editscore}


def grounding_r1_record(plan: SamplePlan, clip: Clip) -> Record:
    """A line of the first grounding file: the objects on the first source frame."""
    return {
        "id": str(plan.id),
        "prompt": plan.prompt,
        "edit_type": plan.id.theme,
        "round1_labels": list(plan.figure.labels),
        "round1_objects": _boxes(plan, clip, 0),
    }


def grounding_r2_record(plan: SamplePlan, clip: Clip, rng: np.random.Generator) -> Record:
    """A line of the second grounding file: the same objects on every eighth frame, a few of them not found."""
    frame_objects = [_boxes(plan, clip, frame) for frame in range(0, plan.frame_count, BOX_STRIDE)]
    for boxes in frame_objects:
        for box in boxes:
            if rng.random() < _MISSED_SHARE:
                box["bbox_2d"] = []
    return {**grounding_r1_record(plan, clip), "frame_objects": frame_objects}


def raw_answer(reasoning: str, scores: tuple[int, int]) -> str:
    """A judge's answer as it came: the reason first, then two integers of 0-25.

    >>> raw_answer("Fine.", (22, 20))
    '{"reasoning": "Fine.", "score": [22, 20]}'
    """
    return json.dumps({"reasoning": reasoning, "score": list(scores)}, ensure_ascii=False)


def json_line(record: Record) -> bytes:
    """A record as a line of a JSONL file, UTF-8, with its newline."""
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _boxes(plan: SamplePlan, clip: Clip, frame: int) -> list[Record]:
    return [
        {"bbox_2d": bounding_box(mask[frame]), "label": label}
        for label, mask in zip(plan.figure.labels, clip.object_masks, strict=True)
    ]


def _draw_frames(band: Band, rng: np.random.Generator) -> list[tuple[Pass, ...]]:
    """The passes of each frame, such that the mean of the frames' overall scores lies in the band."""
    low, high = band
    if low == high:
        return [draw_passes(rng, low, high)] * SCORED_FRAMES
    while True:
        frames = [draw_passes(rng, low - _FRAME_SPREAD, high + _FRAME_SPREAD) for _ in range(SCORED_FRAMES)]
        if low <= math.fsum(overall_score(passes) for passes in frames) / SCORED_FRAMES < high:
            return frames


def _frame_editscore(passes: tuple[Pass, ...], rng: np.random.Generator) -> Record:
    """The scores of a frame; reasons and raw answers are those of the first pass."""
    first = passes[0]
    sc, pq = sc_reason(_sc_score(first), 2, rng), pq_reason(_pq_score(first), 1, rng)
    return {
        **frame_scores(passes),
        "SC_score_reasoning": sc,
        "PQ_score_reasoning": pq,
        "SC_raw_output": raw_answer(sc, first.sc),
        "PQ_raw_output": raw_answer(pq, first.pq),
    }


def _sc_score(one: Pass) -> float:
    return min(one.sc) / 2.5


def _pq_score(one: Pass) -> float:
    return min(one.pq) / 2.5
