"""New samples as the stages that generate find them: a draft release with sources, and their tables, below a data root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.media.clip_file import ClipEncoding, written_clip
from sparkle_curation.media.masks.masks import save_mask
from sparkle_curation.spec.layout import KIND, asset_path
from sparkle_curation.spec.tables.new_samples import NEW_INSTRUCTION_COLUMNS, NEW_SAMPLE_COLUMNS
from sparkle_curation.stages.generation.making import write_still
from sparkle_curation.stages.lineage import cut_digests

FRAMES, WIDTH, HEIGHT, FPS = 9, 96, 64, 16
THEME = "location"

SAMPLES = tuple(f"Sparkle_{THEME}_{number:06d}" for number in (200001, 200002, 200003))
SCENES = ("snowy street", "night city", "sea beach")


def write_new_samples(data_root: Path, ids: tuple[str, ...] = SAMPLES) -> Path:
    """Write a draft release of some samples with their masks, and the tables that tell of them; gives the draft's folder."""
    draft = data_root / "draft_release"
    for place, sample_id in enumerate(ids):
        frames = moving_square(place)
        with written_clip(
            draft / asset_path(THEME, KIND.source_video, sample_id),
            frames,
            ClipEncoding(FPS, 18, "veryfast"),
            "made",
        ):
            pass
        write_still(draft / asset_path(THEME, KIND.source_frame0, sample_id), frames[0], "made")
        mask = draft / asset_path(THEME, KIND.mask, sample_id)
        mask.parent.mkdir(parents=True, exist_ok=True)
        with mask.open("wb") as file:
            save_mask(file, frames[..., 0] > 200)
    _save(new_samples(ids), data_root / "02_intermediate" / "new_samples.parquet")
    _save(new_instructions(ids), data_root / "07_model_output" / "new_instructions.parquet")
    return draft


def moving_square(seed: int) -> np.ndarray:
    """Frames with a bright square that moves over a texture that stays, (frames, height, width, 3)."""
    rng = np.random.default_rng(seed)
    behind = rng.integers(20, 120, (HEIGHT // 8, WIDTH // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    frames = np.repeat(behind[None], FRAMES, 0)
    for number, frame in enumerate(frames):
        frame[20:44, 24 + number : 48 + number] = (230, 200 - 40 * seed, 90)
    return frames


def new_samples(ids: tuple[str, ...] = SAMPLES) -> pl.DataFrame:
    """The table of the samples."""
    rows = [
        {
            "id": each,
            "theme": THEME,
            "clip": f"{each}.mp4",
            "clip_hash": f"{place:032x}",
            "start_s": 0.0,
            "frame_count": FRAMES,
            "width_px": WIDTH,
            "height_px": HEIGHT,
            "fps": float(FPS),
            "settings": "{}",
        }
        for place, each in enumerate(ids)
    ]
    return pl.DataFrame(rows, schema=frame_schema(NEW_SAMPLE_COLUMNS))


def new_instructions(ids: tuple[str, ...] = SAMPLES, **changes: Any) -> pl.DataFrame:
    """The table of their instructions, each column as told where it is in ``changes``."""
    cuts = dict(cut_digests(new_samples(ids)).iter_rows())
    rows = [
        {
            "id": each,
            "theme": THEME,
            "subtheme": "city",
            "scene": SCENES[place % len(SCENES)],
            "chosen_keyword": f"city: {SCENES[place % len(SCENES)]}",
            "is_ours": False,
            "original_scene": "a square",
            "prompt": f"put the man in the {SCENES[place % len(SCENES)]}",
            "offered_keywords": "[]",
            "cut_digest": cuts[each],
            "model": "tiny",
            "settings": "{}",
            **changes,
        }
        for place, each in enumerate(ids)
    ]
    return pl.DataFrame(rows, schema=frame_schema(NEW_INSTRUCTION_COLUMNS))


def _save(table: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.write_parquet(path)
