"""Small releases in the shapes of other datasets, with clips encoded here, and their descriptions.

``json_list``: a JSON list without ids, clips in packed tars of several parts. ``parquet``: bytes of reference pictures in
a column, ids of its own. ``semicolons``: a CSV with ``;``, clips in zips, scores joined from another file. ``per_task``: a
list a task, many edits of a source, masks as videos, scores in the records. ``keyed``: an object of records with two
prompts, used backwards too, masks as run lengths of COCO from a frame on.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

FRAMES, SIZE = 101, (96, 64)
"""Of every clip."""

Release = Callable[[Path], None]


@cache
def clip(seed: int, frames: int = FRAMES) -> bytes:
    """An H.264 mp4 of a patch that moves over a tinted ground; each seed another."""
    width, height = SIZE
    rng = np.random.default_rng(seed)
    ground = np.broadcast_to(rng.integers(0, 200, 3), (height, width, 3)).astype(np.uint8)
    ground = ground + rng.integers(0, 40, (height, width, 1), np.uint8)
    pictures = []
    for number in range(frames):
        picture = ground.copy()
        left = (seed * 7 + number) % (width - 24)
        picture[20:44, left : left + 24] = (255, 40 * (seed % 6), 0)
        pictures.append(picture)
    return encode(np.stack(pictures))


@cache
def mask_clip(seed: int, frames: int = FRAMES, *, inverted: bool = False) -> bytes:
    """The mask of the patch as a video, white on the patch, or black on it."""
    width, height = SIZE
    pictures = np.full((frames, height, width, 3), 255 if inverted else 0, np.uint8)
    for number in range(frames):
        left = (seed * 7 + number) % (width - 24)
        pictures[number, 20:44, left : left + 24] = 0 if inverted else 255
    return encode(pictures)


def encode(frames: NDArray[np.uint8]) -> bytes:
    """Frames as an mp4 of 24 frames a second."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=24)
        _, stream.height, stream.width, _ = frames.shape
        stream.pix_fmt, stream.thread_count = "yuv420p", 1
        stream.options = {"preset": "ultrafast", "crf": "30"}
        pictures = [*(av.VideoFrame.from_ndarray(frame, format="rgb24") for frame in frames), None]
        for picture in pictures:
            for packet in stream.encode(picture):
                container.mux(packet)
    return target.getvalue()


def picture(seed: int) -> bytes:
    """A PNG."""
    target = io.BytesIO()
    shade = np.random.default_rng(seed).integers(0, 255, (64, 96, 3), np.uint8)
    Image.fromarray(shade).save(target, "PNG")
    return target.getvalue()


def put(path: Path, content: bytes | str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def tar_of(members: Mapping[str, bytes]) -> bytes:
    """A tar with these members."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def describe(
    name: str, kinds: Mapping[str, tuple[str, str]], shape: dict[str, Any], **others: Any
) -> dict[str, Any]:
    """A description: kinds are suffix and role by name, all else as it stands in ``dataset.yml``."""
    return {
        "format": 1,
        "name": name,
        "title": name.title(),
        "themes": others.pop("themes", [{"name": "all"}]),
        "assets": [{"name": kind, "suffix": suffix, "role": role} for kind, (suffix, role) in kinds.items()],
        "shape": shape,
        **others,
    }


PAIR = {"source_video": ("mp4", "source_video"), "edited_video": ("mp4", "edited_video")}


# ------------------------------------------------------------------ a JSON list, packed tars in parts
JSON_LIST = describe(
    "listed",
    PAIR,
    {
        "tables": {"path": "annotations/*.json", "format": "json"},
        "samples": [{"prompt": "instruction"}],
        "media": {"source_video": {"path": "source_path"}, "edited_video": {"path": "edited_path"}},
        "containers": [{"path": "videos/clips.tar.gz.*", "format": "gzip_tar"}],
    },
)


def json_list_records(count: int = 4) -> list[dict[str, Any]]:
    """Records without ids."""
    return [
        {
            "source_path": f"source/{number:04d}.mp4",
            "instruction": f"Make it look like painting number {number}, «à l'huile».",
            "edited_path": f"edited/{number:04d}.mp4",
        }
        for number in range(count)
    ]


def put_json_list(root: Path, text: str | None = None, *, parts: int = 3, count: int = 4) -> None:
    """The release; ``text`` stands in the place of its records."""
    put(root / "annotations/global.json", text or json.dumps(json_list_records(count), ensure_ascii=False))
    members = {f"source/{number:04d}.mp4": clip(number) for number in range(count)}
    members |= {f"edited/{number:04d}.mp4": clip(100 + number) for number in range(count)}
    packed = gzip.compress(tar_of(members), 1)
    length = -(-len(packed) // parts)
    for part in range(parts):
        put(root / f"videos/clips.tar.gz.{part:02d}", packed[part * length : (part + 1) * length])


# ------------------------------------------------------------------ Parquet with bytes
PARQUET = describe(
    "columns",
    {**PAIR, "reference": ("png", "edited_frame0")},
    {
        "tables": {"path": "data/train-*.parquet", "format": "parquet"},
        "samples": [{"prompt": "prompt"}],
        "identity": {"column": "iid"},
        "media": {
            "source_video": {"path": "src_video", "root": "videos"},
            "edited_video": {"path": "tgt_video", "root": "videos"},
            "reference": {"bytes": "ref_image.bytes"},
        },
    },
)


def parquet_records(count: int = 4) -> list[dict[str, Any]]:
    """Records with bytes."""
    return [
        {
            "iid": f"item-{number}",
            "prompt": f"Put the object of picture {number} into it.",
            "src_video": f"src/{number}.mp4",
            "tgt_video": f"tgt/{number}.mp4",
            "ref_image": {"bytes": picture(number), "path": None},
        }
        for number in range(count)
    ]


def put_parquet(root: Path, records: list[dict[str, Any]] | None = None, count: int = 4) -> None:
    """The release, in two parts."""
    found = records if records is not None else parquet_records(count)
    half = len(found) // 2
    schema = pa.schema(
        [
            ("iid", pa.string()),
            ("prompt", pa.string()),
            ("src_video", pa.string()),
            ("tgt_video", pa.string()),
            ("ref_image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ]
    )
    (root / "data").mkdir(parents=True, exist_ok=True)
    for part, own in enumerate((found[:half], found[half:])):
        pq.write_table(pa.Table.from_pylist(own, schema=schema), root / f"data/train-{part:05d}.parquet")
    for number in range(count):
        put(root / f"videos/src/{number}.mp4", clip(number))
        put(root / f"videos/tgt/{number}.mp4", clip(100 + number))


# ------------------------------------------------------------------ CSV with ;, a zip, joined scores without a threshold
SEMICOLONS = describe(
    "rows",
    PAIR,
    {
        "tables": {"path": "{theme}.csv", "format": "csv", "delimiter": ";"},
        "samples": [{"prompt": "prompt"}],
        "identity": {"column": "video"},
        "media": {
            "source_video": {"path": "original_video", "root": "zipped", "strip": "/mnt/data/"},
            "edited_video": {"path": "video", "root": "zipped", "strip": "/mnt/data/"},
        },
        "containers": [{"path": "{theme}_*.zip", "format": "zip", "root": "zipped"}],
        "joined_scores": [
            {
                "stages": ["aesthetic", "flow"],
                "files": {"path": "{theme}_scores.jsonl", "format": "jsonl"},
                "identity": {"column": "clip"},
            }
        ],
    },
    themes=[{"name": "add"}, {"name": "style"}],
    scores={
        "stages": [
            {
                "name": "aesthetic",
                "shape": "value",
                "judged": ["source_video", "edited_video"],
                "criteria": [{"field": "aes", "threshold": None}],
            },
            {
                "name": "flow",
                "shape": "value",
                "judged": ["source_video", "edited_video"],
                "criteria": [{"field": "flow", "threshold": None, "direction": "at_most", "scale": [0, 100]}],
            },
        ]
    },
)


def semicolon_rows(theme: str, count: int = 3) -> list[list[str]]:
    """The header and the rows."""
    rows = [
        [
            f"/mnt/data/out/{theme}{number}.mp4",
            f"/mnt/data/in/{theme}{number}.mp4",
            f'Say "hello"; then {theme} {number}\nin two lines.',
        ]
        for number in range(count)
    ]
    return [["video", "original_video", "prompt"], *rows]


def put_semicolons(root: Path, text: str | None = None, count: int = 3) -> None:
    """The release; ``text`` stands in the place of the CSV of ``add``."""
    for place, theme in enumerate(("add", "style")):
        target = io.StringIO()
        csv.writer(target, delimiter=";", lineterminator="\n").writerows(semicolon_rows(theme, count))
        put(root / f"{theme}.csv", text if text and theme == "add" else target.getvalue())
        for part, method in ((1, zipfile.ZIP_STORED), (2, zipfile.ZIP_DEFLATED)):
            with zipfile.ZipFile(root / f"{theme}_{part}.zip", "w", method) as archive:
                for number in range(count):
                    side, seed = ("in", 0) if part == 1 else ("out", 100)
                    archive.writestr(f"{side}/{theme}{number}.mp4", clip(10 * place + number + seed))
        scores = [
            {"clip": f"/mnt/data/out/{theme}{number}.mp4", "aes": 4.0 + number, "flow": 10.0 * number}
            for number in range(count)
        ]
        put(root / f"{theme}_scores.jsonl", "".join(json.dumps(each) + "\n" for each in scores))


# ------------------------------------------------------------------ a list a task, many edits of a source, masks as videos
PER_TASK = describe(
    "tasks",
    {**PAIR, "source_mask": ("npz", "mask")},
    {
        "tables": {"path": "{theme}.json", "format": "json"},
        "samples": [{"prompt": "instruction_final_refine"}],
        "identity": {"template": "{src_video}/{tar_video}"},
        "media": {
            "source_video": {"path": "src_video", "root": "clips"},
            "edited_video": {"path": "tar_video", "root": "clips"},
            "source_mask": {"path": "mask", "root": "clips", "masks": "video", "inverted": True},
        },
        "containers": [{"path": "packed/*.tar", "format": "tar", "root": "clips"}],
        "score_members": {"semantic": ["sc_score_1", "sc_score_2"]},
    },
    themes=[{"name": "removal"}, {"name": "replace"}],
    scores={
        "stages": [
            {
                "name": "overall",
                "shape": "value",
                "judged": ["source_video", "edited_video"],
                "criteria": [
                    {"field": "o_score", "threshold": 6.0},
                    {"name": "semantic", "field": "semantic", "reducer": "min", "threshold": 5.0},
                ],
            }
        ]
    },
)


def per_task_records(theme: str, count: int = 4) -> list[dict[str, Any]]:
    """Records of which two and two edit one source."""
    return [
        {
            "src_video": f"src/{theme}{number // 2}.mp4",
            "tar_video": f"tar/{theme}{number}.mp4",
            "instruction_final_refine": f"{theme} the patch, in way {number}.",
            "mask": f"mask/{theme}{number // 2}.mp4",
            "o_score": 5.0 + number,
            "sc_score_1": 9.0,
            "sc_score_2": 8.0,
        }
        for number in range(count)
    ]


def put_per_task(root: Path, text: str | None = None, count: int = 4) -> None:
    """The release; ``text`` stands in the place of the records of ``removal``."""
    for place, theme in enumerate(("removal", "replace")):
        records = json.dumps(per_task_records(theme, count), indent=1)
        put(root / f"{theme}.json", text if text and theme == "removal" else records)
        members = {f"src/{theme}{number}.mp4": clip(10 * place + number) for number in range(count // 2)}
        members |= {f"tar/{theme}{number}.mp4": clip(100 + 10 * place + number) for number in range(count)}
        put(root / f"packed/{theme}.tar", tar_of(members))
        for number in range(count // 2):
            put(root / f"clips/mask/{theme}{number}.mp4", mask_clip(10 * place + number, inverted=True))


# ------------------------------------------------------------------ an object, two prompts, backwards, run lengths
KEYED = describe(
    "keyed",
    {**PAIR, "object_mask": ("npz", "mask")},
    {
        "tables": {"path": "index.json", "format": "json"},
        "samples": [
            {"prompt": "instruction"},
            {"name": "enhanced", "prompt": "enhanced_instruction", "optional": True},
            {"name": "backwards", "prompt": "add_instruction", "backwards": True, "optional": True},
        ],
        "identity": {"column": "$key"},
        "media": {
            "source_video": {"template": "{$key}/org.mp4"},
            "edited_video": {"template": "{$key}/removed.mp4"},
            "object_mask": {"rle": "masks", "start_frame": "first_frame", "frames": "frame_count"},
        },
    },
)


def run_lengths(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """A mask as COCO's plain run lengths."""
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    lengths = np.diff([0, *edges.tolist(), flat.size]).tolist()
    return {"size": list(mask.shape), "counts": [0, *lengths] if flat[0] else lengths}


def keyed_records(count: int = 3) -> dict[str, dict[str, Any]]:
    """Records by their key; the last has neither the second prompt nor a mask."""
    mask = np.zeros(SIZE[::-1], np.bool_)
    mask[20:44, 10:34] = True
    found: dict[str, dict[str, Any]] = {}
    for number in range(count):
        found[f"clip_{number}"] = {
            "instruction": f"Remove the patch of clip {number}.",
            "enhanced_instruction": f"Remove the orange patch that moves through clip {number}.",
            "add_instruction": f"Add a patch to clip {number}.",
            "first_frame": 2,
            "frame_count": FRAMES,
            "masks": [run_lengths(mask)] * (FRAMES - 2),
        }
    last = found[f"clip_{count - 1}"]
    last["enhanced_instruction"] = last["masks"] = None
    return found


def put_keyed(root: Path, text: str | None = None, count: int = 3) -> None:
    """The release; ``text`` stands in the place of its records."""
    put(root / "index.json", text or json.dumps(keyed_records(count)))
    for number in range(count):
        put(root / f"clip_{number}/org.mp4", clip(number))
        put(root / f"clip_{number}/removed.mp4", clip(100 + number))


SHAPES: dict[str, tuple[dict[str, Any], Release]] = {
    "json_list": (JSON_LIST, put_json_list),
    "parquet": (PARQUET, put_parquet),
    "semicolons": (SEMICOLONS, put_semicolons),
    "per_task": (PER_TASK, put_per_task),
    "keyed": (KEYED, put_keyed),
}
"""By name the description and what writes the release."""
