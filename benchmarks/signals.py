"""Measures the signals of pairs with masks, one after the other: ``python -m benchmarks.signals --clips FOLDER``.

Processor seconds of this process alone, without imports; a mask is a box that covers the middle of the picture. Reading a
clip, measuring it and the mask are told apart.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import av
import numpy as np

from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.masks.masks import load_mask, save_mask
from sparkle_curation.media.signals.batch_signals import BURST, measured_frames, shrink, shrink_mask
from sparkle_curation.media.signals.measures import measure_signals
from sparkle_curation.spec.layout import KIND

SIZE, FRAMES, STEP, MARGIN, MIN_PIXELS = (320, 180), 9, 8, 3, 200
"""As in conf/base/signals/parameters.yml."""


def main() -> None:
    """Measure every pair that the folder has, print the seconds of each part by pair."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signals", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="a release, such as the real pairs")
    sources = sorted(parser.parse_args().clips.glob(f"*/{KIND.source_video}/*.mp4"))
    spent = {"decode": 0.0, "shrink": 0.0, "mask": 0.0, "measure": 0.0}
    for source in sources:
        _measure(source, source.parents[1] / KIND.edited_video / source.name, spent)
    total = sum(spent.values())
    for part, seconds in spent.items():
        print(f"{part:8} {seconds / len(sources):.3f} s of a core for a pair")
    print(f"{'all':8} {total / len(sources):.3f}, {len(sources)} pairs")


def _measure(source: Path, edited: Path, spent: dict[str, float]) -> None:
    with av.open(source) as container:
        frame_count = container.streams.video[0].frames
        height, width = container.streams.video[0].height, container.streams.video[0].width
    plane = np.zeros((frame_count, height, width), bool)
    plane[:, height // 4 :, width // 4 : width * 3 // 4] = True
    file = io.BytesIO()
    save_mask(file, plane)
    ends = measured_frames(frame_count, FRAMES, STEP)
    wanted = [end - back for end in ends for back in reversed(range(BURST))]
    small = []
    for path in (source, edited):
        start = time.process_time()
        with path.open("rb") as video:
            frames = read_frames(video, wanted)
        decoded = time.process_time()
        small.append(shrink(frames, SIZE))
        spent["decode"] += decoded - start
        spent["shrink"] += time.process_time() - decoded
    start = time.process_time()
    mask = shrink_mask(load_mask(file)[ends], SIZE)
    masked = time.process_time()
    measure_signals(*small, mask, margin_px=MARGIN, min_pixels=MIN_PIXELS)
    spent["mask"] += masked - start
    spent["measure"] += time.process_time() - masked


if __name__ == "__main__":
    main()
