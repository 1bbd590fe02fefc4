"""Times the probing of clips in shards beside a plain PyAV loop: ``python -m benchmarks.probing``.

Each contender runs as a process of its own, in turn, with the clips dropped from the page cache first. Time is
without imports; bytes are what the process asked of the system while it worked, as the system counts them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import drop_from_cache
from sparkle_curation.spec.layout import asset_path, shard_path

KIND, THEME = "source_video", "location"
SHARD_CLIPS = 500
SAMPLE = Path(__file__).resolve().parents[1] / "data" / "01_raw" / "sparkle_sample"

Work = Callable[[], int]


def main() -> None:
    """Make the shards, time the contenders, print the table."""
    options = _options()
    if options.contender:
        _run(options.contender, options.work)
        return
    work = options.work or Path(tempfile.mkdtemp(prefix="sparkle-bench-"))
    try:
        _make_release(work, options.clips, options.count)
        print(_table(_measure(work, options.rounds), options.count))
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probing", description=__doc__)
    parser.add_argument("--clips", type=Path, default=SAMPLE, help="a folder of mp4s to fill the shards with")
    parser.add_argument("--count", type=int, default=2000, help="clips in the shards")
    parser.add_argument("--rounds", type=int, default=3, help="times that each contender runs")
    parser.add_argument("--work", type=Path, help="a folder to keep the made release in, for the next time")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    return parser.parse_args()


# ------------------------------------------------------------------ the release
def _make_release(root: Path, clips: Path, count: int) -> None:
    """Shards of the clips, over and over, and the same clips beside them as loose files for those who need that."""
    if (root / "made").exists():
        return
    contents = [path.read_bytes() for path in sorted(clips.rglob("*.mp4"))]
    names = [asset_path(THEME, KIND, f"Sparkle_{THEME}_{number:06}") for number in range(count)]
    for part, start in enumerate(range(0, count, SHARD_CLIPS)):
        path = root / "sharded" / shard_path(THEME, KIND, part)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w") as tar:
            for number in range(start, min(start + SHARD_CLIPS, count)):
                content = contents[number % len(contents)]
                member = tarfile.TarInfo(names[number])
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
                loose = root / "loose" / names[number]
                loose.parent.mkdir(parents=True, exist_ok=True)
                loose.write_bytes(content)
    os.sync()
    (root / "made").touch()


# ------------------------------------------------------------------ contenders
def boxes(root: Path) -> Work:
    """Ours on the shards, in one process, with its journal."""
    return _inspection(root, 1)


def boxes_all_cores(root: Path) -> Work:
    """The same, in a process a core."""
    return _inspection(root, None)


def _inspection(root: Path, processes: int | None) -> Work:
    import polars as pl
    import pyarrow as pa

    from sparkle_curation.engine.executors.processes import LocalExecutor
    from sparkle_curation.engine.journal.journal import Journal
    from sparkle_curation.ingest.assets.table import ingest_assets
    from sparkle_curation.ingest.release_files import ReleaseFiles
    from sparkle_curation.media.probe.batch_probe import JOURNAL_SCHEMA
    from sparkle_curation.media.probe.inspection import ProbeConfig, inspect_assets
    from sparkle_curation.media.probe.probes import Depth

    files = ReleaseFiles(str(root / "sharded"))
    assets = pl.DataFrame(pl.from_arrow(pa.concat_tables(ingest_assets(files).rows.batches())))
    journal = root / f"{os.getpid()}.journal"

    def work() -> int:
        probing = ProbeConfig(Depth.INDEX, LocalExecutor(processes), 256)
        inspected = inspect_assets(assets, [KIND], files, probing, Journal(journal, JOURNAL_SCHEMA))
        media = pl.DataFrame(pl.from_arrow(pa.concat_tables(inspected.pieces())))
        journal.unlink()
        return int(media["frame_count"].sum())

    return work


def pyav(root: Path) -> Work:
    """What one writes first: PyAV on each loose file, and what its header says."""
    import av

    paths = _loose(root)

    def work() -> int:
        frames = 0
        for path in paths:
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                _ = (stream.width, stream.height, stream.average_rate, stream.pix_fmt, stream.duration)
                frames += stream.frames
        return frames

    return work


def pyav_counting(root: Path) -> Work:
    """The same with every frame's packet counted, which is how most notice that a file is cut."""
    import av

    paths = _loose(root)

    def work() -> int:
        frames = 0
        for path in paths:
            with av.open(str(path)) as container:
                frames += sum(1 for packet in container.demux(video=0) if packet.size)
        return frames

    return work


def _loose(root: Path) -> list[Path]:
    return sorted((root / "loose").rglob("*.mp4"))


CONTENDERS: dict[str, Callable[[Path], Work]] = {
    function.__name__: function for function in (boxes, boxes_all_cores, pyav, pyav_counting)
}


# ------------------------------------------------------------------ measuring
def _run(name: str, root: Path) -> None:
    work = CONTENDERS[name](root)
    before, start = _bytes_read(), time.perf_counter()
    frames = work()
    print(json.dumps({"s": time.perf_counter() - start, "bytes": _bytes_read() - before, "frames": frames}))


def _bytes_read() -> int:
    """Bytes that this process has read so far, from files or the page cache."""
    return int(Path("/proc/self/io").read_text(encoding="ascii").split()[1])


def _measure(root: Path, rounds: int) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for name in [name for _ in range(rounds) for name in CONTENDERS]:
        drop_from_cache(root)
        command = [sys.executable, "-m", "benchmarks.probing", "--work", str(root), "--contender", name]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[name].append(json.loads(output.splitlines()[-1]))
        print(f"  {name}: {found[name][-1]}", flush=True)
    return found


def _table(found: dict[str, list[dict[str, float]]], count: int) -> str:
    if len({run["frames"] for runs in found.values() for run in runs}) != 1:
        raise RuntimeError(f"the contenders do not agree on the frames: {found}")
    return "\n".join(_rows(found, count))


def _rows(found: dict[str, list[dict[str, float]]], count: int) -> Iterator[str]:
    yield "| | clips a second | KiB read a clip | clips a second / pyav |"
    yield "|---|---|---|---|"
    for name, runs in found.items():
        rate = statistics.median(count / run["s"] for run in runs)
        ratio = statistics.median(
            other["s"] / run["s"] for run, other in zip(runs, found["pyav"], strict=True)
        )
        # What other processes read is not in the count of this one.
        kib = "" if name == "boxes_all_cores" else f"{runs[0]['bytes'] / count / 1024:.1f}"
        yield f"| {name} | {rate:,.0f} | {kib} | {ratio:.1f} |"


if __name__ == "__main__":
    main()
