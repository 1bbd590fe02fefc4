"""All that is known of one sample, as the page shows it beside its videos."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.explorer.data import ExplorerTables
from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.reports.sheet.description import as_json, describe_card, reasons_of
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.stages import CRITERIA, STAGES
from sparkle_curation.spec.tables.verdicts import source_column

_MEDIA = (
    "error",
    "error_detail",
    "width_px",
    "height_px",
    "frame_count",
    "fps",
    "duration_s",
    "size_bytes",
    "rotation_deg",
)


def sample_details(tables: ExplorerTables, store: AssetStore, sample_id: str) -> dict[str, Any]:
    """A sample by its id; becomes JSON.

    Members: ``card``, what the contact sheet shows of it too, at the present variant's thresholds; ``texts``; ``stages``,
    each with its parts (a still, or frames) of numbers and reasons, as released; ``sources`` of the scores that were
    compared, by criterion; ``faults``; ``obstacle``, why it could not be exported were it kept; ``preflight``; ``media``
    by kind, with what the header says where it was
    inspected; ``boxes``; ``origin``, the record of a new sample: clip, prompt and who generated what.
    """
    texts = _rows(tables.annotations, sample_id, "prompt", "chosen_keyword", "original_scene")
    verdict = (_of(tables.verdicts, sample_id).to_dicts() or [{}])[0]
    scores = {name: rows[0] for name, rows in _scores(tables, sample_id).items() if rows}
    card = describe_card(sample_id, verdict.get("theme") or "", texts[0] if texts else {}, verdict, scores)
    return {
        "id": sample_id,
        "card": as_json(card),
        "texts": texts[0] if texts else {},
        "stages": [
            {
                "stage": each.name,
                "title": each.title,
                "parts": _parts(scores.get(each.name)),
            }
            for each in STAGES
            if not each.is_of_values  # of which the card says all
        ],
        "sources": {each.name: verdict.get(source_column(each)) for each in CRITERIA},
        "faults": _rows(tables.score_faults, sample_id, "stage", "frame", "rule", "is_imputed", "evidence"),
        "obstacle": _rows(tables.obstacles, sample_id, "reason", "detail")[:1],
        "preflight": _preflight(tables, sample_id),
        "media": media_of(tables.media, store, sample_id),
        "boxes": _boxes(tables.boxes, sample_id),
        "origin": [json.loads(each["origin"]) for each in _rows(tables.origins, sample_id, "origin")],
    }


def _preflight(tables: ExplorerTables, sample_id: str) -> list[dict[str, Any]]:
    """What the present variant's preflight says of the sample, else what one of all samples does; a row, or none."""
    columns = ("outcome", "reasons", "is_dropped", "detail")
    of_variant = _rows(tables.preflight, sample_id, *columns)
    return (of_variant or _rows(tables.pairs_checked, sample_id, *columns))[:1]


def media_of(media: AnyFrame, store: AssetStore, sample_id: str) -> dict[str, dict[str, Any]]:
    """The media of a sample that the store has, by kind, with what the header says where it was inspected; becomes JSON."""
    rows = prefer_loose(_of(media, sample_id)).to_dicts() if _names(media) else []
    by_kind = {row["kind"]: {name: row.get(name) for name in _MEDIA} for row in rows}
    return {kind: by_kind.get(kind, {}) for kind in ASSET_KINDS if store.has(sample_id, kind)}


def _names(table: AnyFrame) -> list[str]:
    return table.lazy().collect_schema().names()


def _of(table: AnyFrame, sample_id: str) -> pl.DataFrame:
    return table.lazy().filter(pl.col("id") == sample_id).collect()


def _rows(table: AnyFrame, sample_id: str, *columns: str) -> list[dict[str, Any]]:
    present = [name for name in columns if name in _names(table)]
    if not present:
        return []
    return table.lazy().filter(pl.col("id") == sample_id).select(present).collect().to_dicts()


def _scores(tables: ExplorerTables, sample_id: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of the sample in the scores of each stage that there are."""
    columns = ("frame_indices", "editscore")
    return {name: _rows(table, sample_id, *columns) for name, table in tables.scores.items()}


def _parts(row: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The numbers and reasons of a stage: one part for a still, else one a frame."""
    if row is None or row.get("editscore") is None:
        return []
    found = row["editscore"]
    if not isinstance(found, list):
        return [_part(None, found)]
    frames = row.get("frame_indices") or [None] * len(found)
    return [_part(frame, values) for frame, values in zip(frames, found, strict=False)]


def _part(frame: int | None, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "frame": frame,
        "numbers": {
            name: value if math.isfinite(value) else None
            for name, value in values.items()
            if isinstance(value, (int, float))
        },
        "reasons": reasons_of(values),
    }


def _boxes(boxes: AnyFrame, sample_id: str) -> list[dict[str, Any]]:
    """Found boxes by frame of the source video, in shares of width and height: round 2, else round 1."""
    groundings = dataset().groundings
    if groundings is None:
        return []
    rows = _rows(boxes, sample_id, "round", "frame_index", "label", "bbox_2d", "is_found")
    found = [row for row in rows if row["is_found"] and row["frame_index"] is not None]
    last = max((row["round"] for row in found), default=0)
    return [
        {
            "frame": row["frame_index"],
            "label": row["label"],
            "box": [value / groundings.bbox_scale for value in row["bbox_2d"]],
        }
        for row in found
        if row["round"] == last
    ]
