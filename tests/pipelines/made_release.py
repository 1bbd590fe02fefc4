"""Small releases for tests, written file by file: real clips, stills, masks and groundings."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sparkle_curation.spec.layout import ASSET_KINDS, asset_path, intermediate_jsonl_path, shard_path
from synthetic.encode import mask_npz_bytes, mp4_bytes, png_bytes

Picture = NDArray[np.uint8]
Frames = NDArray[np.uint8]


def scene(seed: int, width: int = 320, height: int = 180) -> Picture:
    """A smooth picture that no other seed gives."""
    blocks = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), np.uint8)
    return np.array(Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC))


def clip(picture: Picture, frame_count: int = 5) -> Frames:
    """Frames in which the picture moves to the right, four pixels a frame."""
    return np.stack([np.roll(picture, 4 * number, axis=1) for number in range(frame_count)])


def brighter(picture: Picture, levels: int) -> Picture:
    """The picture with more light."""
    return np.clip(picture.astype(int) + levels, 0, 255).astype(np.uint8)


def asset_bytes(kind: str, content: Any, qp: int = 24) -> bytes:
    """Frames as an mp4, a picture as a PNG, a mask as an npz; bytes as they are."""
    if isinstance(content, bytes):
        return content
    writers = {"mp4": lambda frames: mp4_bytes(frames, qp), "png": png_bytes, "npz": mask_npz_bytes}
    return writers[ASSET_KINDS[kind].suffix](content)


class MadeRelease:
    """A release under a folder, to which assets and records are added.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def add(self, sample_id: str, *, qp: int = 24, **assets: Any) -> None:
        """Add loose assets of a sample, by kind."""
        for kind, content in assets.items():
            path = self.root / asset_path(_theme(sample_id), kind, sample_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(asset_bytes(kind, content, qp))

    def add_shard(self, kind: str, contents: Mapping[str, Any], part: int = 0) -> Path:
        """Add a tar of assets of one kind and theme, by sample id; gives its path."""
        theme = _theme(next(iter(contents)))
        path = self.root / shard_path(theme, kind, part)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w") as tar:
            for sample_id, content in contents.items():
                data = asset_bytes(kind, content)
                member = tarfile.TarInfo(
                    asset_path(theme, kind, sample_id).removeprefix("intermediate_data/")
                )
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        return path

    def add_prompts(self, theme: str, prompts: Mapping[str, str]) -> None:
        """Add the training CSV of a theme: prompts by sample id."""
        path = self.root / "prompts" / f"{theme}_train.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            f'"{prompt}",{asset_path(theme, "source_video", name)},{asset_path(theme, "edited_video", name)},{name}'
            for name, prompt in prompts.items()
        ]
        path.write_text("\n".join(["prompt,src_video,tgt_video,task", *rows]) + "\n", encoding="utf-8")

    def add_grounding(
        self,
        theme: str,
        round1: Mapping[str, Sequence[Sequence[float]]],
        round2: Mapping[str, Sequence[Sequence[Sequence[float]]]],
    ) -> None:
        """Add both groundings of a theme: boxes by sample id, those of round 2 by frame."""
        ones = [_round1(name, theme, boxes) for name, boxes in round1.items()]
        twos = [
            {
                **_round1(name, theme, frames[0] if frames else []),
                "frame_objects": [_objects(boxes) for boxes in frames],
            }
            for name, frames in round2.items()
        ]
        for file, records in (("foreground_grounding_r1", ones), ("foreground_grounding_r2", twos)):
            path = self.root / intermediate_jsonl_path(theme, f"{file}.jsonl")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def _theme(sample_id: str) -> str:
    return sample_id.split("_")[1]


def _objects(boxes: Sequence[Sequence[float]]) -> list[dict[str, Any]]:
    return [{"bbox_2d": list(box), "label": f"object {number}"} for number, box in enumerate(boxes)]


def _round1(name: str, theme: str, boxes: Sequence[Sequence[float]]) -> dict[str, Any]:
    return {
        "id": name,
        "prompt": f"prompt of {name}",
        "edit_type": theme,
        "round1_labels": [f"object {number}" for number in range(len(boxes))],
        "round1_objects": _objects(boxes),
    }
