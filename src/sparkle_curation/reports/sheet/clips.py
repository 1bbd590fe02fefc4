"""The clips of a sheet's page: source and edit beside each other in one small video, so that they play in step."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.reports.sheet.colours import PANEL_HEIGHT, PANEL_WIDTH
from sparkle_curation.spec.layout import KIND

PAIR = (KIND.source_video, KIND.edited_video)

_FPS = 8.0
"""Enough to see whether something moves or flickers, at half the size."""
_QUALITY = "30"
Frames = NDArray[np.uint8]
"""(frames, height, width, 3), RGB."""


class ClipMaker:
    """Makes the clips of samples.

    Args:
        store: the release's assets.
        media: columns of ``media``, of the available samples.
        seconds: no clip is longer.
    """

    def __init__(self, store: AssetStore, media: pl.DataFrame, seconds: float) -> None:
        self._store, self._seconds = store, seconds
        wanted = media.filter(pl.col("kind").is_in(PAIR))
        self._files = {(row["id"], row["kind"]): row for row in prefer_loose(wanted).iter_rows(named=True)}

    def clip(self, sample_id: str) -> bytes | str:
        """An mp4 in H.264 of the source on the left and the edit on the right, or why there is none."""
        rows = [self._files.get((sample_id, kind)) for kind in PAIR]
        for kind, row in zip(PAIR, rows, strict=True):
            if row is None:
                return f"no {kind} in the available release"
            if row["error"] is not None:
                return f"{kind} is broken: {row['error']}"
        known = [row for row in rows if row is not None]
        fps = min(row["fps"] or _FPS for row in known)
        step = max(round(fps / _FPS), 1)
        last = min(*((row["frame_count"] or 1) for row in known), max(int(self._seconds * fps), 1))
        halves = []
        for kind, row in zip(PAIR, known, strict=True):
            half = self._read(sample_id, kind, row, range(0, last, step))
            if isinstance(half, str):
                return half
            halves.append(half)
        return encode_clip(np.concatenate(halves, axis=2), fps / step)

    def _read(self, sample_id: str, kind: str, row: Mapping[str, Any], indices: range) -> Frames | str:
        found = read_asset(self._store, row["id"], kind, lambda file: read_frames(file, list(indices)))
        if isinstance(found, Failure):
            return f"{kind} cannot be read: {found.error}"
        _, height, width, _ = found.shape
        scale = min(PANEL_WIDTH / width, PANEL_HEIGHT / height)
        size = max(round(width * scale / 2) * 2, 2), max(round(height * scale / 2) * 2, 2)
        paper = np.zeros((len(found), PANEL_HEIGHT, size[0], 3), np.uint8)
        top = (PANEL_HEIGHT - size[1]) // 2
        for place, frame in enumerate(found):
            paper[place, top : top + size[1]] = Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR)
        return paper


def encode_clip(frames: Frames, fps: float) -> bytes | str:
    """The frames as an mp4 in H.264 that every browser plays, or why FFmpeg did not make one."""
    import av  # noqa: PLC0415 -- 0.2 s, and a sheet without clips does without it

    target = io.BytesIO()
    try:
        with av.open(target, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream("libx264", rate=max(round(fps), 1))
            _, stream.height, stream.width, _ = frames.shape
            stream.pix_fmt = "yuv420p"
            stream.thread_count = 1  # threads would make other bytes on another machine
            stream.options = {"qp": _QUALITY, "preset": "veryfast"}
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode(None))
    except (av.FFmpegError, ValueError) as error:
        return f"FFmpeg made no clip of the pair: {error}"
    return target.getvalue()
