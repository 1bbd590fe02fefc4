"""Small tables that break no rule, of which a test changes what it is about."""

from __future__ import annotations

from typing import Any

import polars as pl
from tests.made.tables import table

from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.tables.ingested import COLUMNS

Row = dict[str, Any]

FIRST, SECOND = "Sparkle_season_000001", "Sparkle_time_000002"
PROMPT = "Put it by the sea."
LABELS = ["dog", "hat"]
OBJECTS = [{"bbox_2d": [10.0, 20.0, 500.0, 1000.0], "label": "dog"}, {"bbox_2d": [], "label": "hat"}]
STILL = {"prompt_following": 9.0, "consistency": 8.0, "perceptual_quality": 9.0, "overall": 8.5}
FRAME = {"SC_score": 9.0, "PQ_score": 9.0, "O_score": 9.0}
REASONS = ("SC_score_reasoning", "PQ_score_reasoning", "SC_raw_output", "PQ_raw_output")

_VIDEOS = {"src_video": "source", "tgt_video": "edited"}
_GROUNDING: Row = {"round1_labels": LABELS, "round1_objects": OBJECTS}
_STILL_SCORE: Row = {
    "editscore": {**STILL, "SC_reasoning": "fits", "PQ_reasoning": "sharp"},
    "overall": 8.5,
}
_DEFAULTS: dict[str, Row] = {
    "edited_frame0_scores": _STILL_SCORE,
    "foreground_removed_scores": _STILL_SCORE,
    "edited_video_scores": {
        "frame_indices": [1, 26, 51, 76],
        "editscore": [{**FRAME, **dict.fromkeys(REASONS, "said")}] * 4,
        "mean_o_score": 9.0,
    },
    "grounding_r1": _GROUNDING,
    "grounding_r2": {**_GROUNDING, "frame_objects": [OBJECTS, OBJECTS]},
    "assets": {"kind": "source_video", "offset": 0, "size": 600},
}


def row(table: str, sample_id: str = FIRST, **changes: object) -> Row:
    """A row of a table that breaks no rule, but for the changes."""
    theme = sample_id.split("_")[1]
    made: Row = {"id": sample_id, "theme": theme, "prompt": PROMPT, "edit_type": theme, "source_line": 1}
    if table == "annotations":
        paths = {name: asset_path(theme, f"{kind}_video", sample_id) for name, kind in _VIDEOS.items()}
        made |= {**paths, "task": sample_id, "original_scene": "a room", "csv_line": 2, "csv_line_count": 1}
        made |= {
            "chosen_keyword": "spring: a thaw",
            "subtheme": "spring",
            "scene": "a thaw",
            "metadata_line": 1,
        }
    if table == "assets":
        made["path"] = asset_path(theme, str(changes.get("kind", "source_video")), sample_id)
    made |= {**_DEFAULTS.get(table, {}), **changes}
    return {field.name: made.get(field.name) for field in COLUMNS[table]}


def tables(**changed: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    """All tables, each with one sample of two themes, or as given."""
    made = {name: table(name, [row(name, FIRST), row(name, SECOND)]) for name in COLUMNS}
    return {name: frame.lazy() for name, frame in {**made, **changed}.items()}
