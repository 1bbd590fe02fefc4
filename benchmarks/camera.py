"""Measures the cameras of clips, one after the other: ``python -m benchmarks.camera --clips FOLDER``.

Processor seconds of this process alone, without imports, by the settings of conf/base; with every fourth pair of frames for
shake, and with every pair.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from sparkle_curation.media.camera.grey import read_grey_frames
from sparkle_curation.media.camera.measures import MeasuringCamera, measure_camera
from sparkle_curation.spec.layout import KIND

WHAT = MeasuringCamera(480 * 270, 6.0, 2.0, 4, 0.5)
"""As in conf/base/camera/parameters.yml."""


def main() -> None:
    """Measure every source clip that the folder has, print the seconds of each and their mean."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.camera", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="a release, such as the real pairs")
    clips = sorted(parser.parse_args().clips.glob(f"*/{KIND.source_video}/*.mp4"))
    for what in (WHAT, WHAT._replace(shake_every=1)):
        spent, read = [], []
        for clip in clips:
            start = time.process_time()
            with clip.open("rb") as file:
                frames = list(read_grey_frames(file, what.pixels))
            decoded = time.process_time()
            measure_camera(frames, what)
            read.append(decoded - start)
            spent.append(time.process_time() - start)
        mean, most = sum(spent) / len(spent), max(spent)
        print(
            f"every {what.shake_every}. pair: {mean:.2f} s of a core a clip, {most:.2f} at most, "
            f"{sum(read) / len(read):.2f} of it decoding; {len(clips)} clips"
        )


if __name__ == "__main__":
    main()
