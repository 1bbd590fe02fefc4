"""Times reading random members of a cold shard: ``python -m benchmarks.random_members``.

Each contender runs as a process of its own, in turn, with the shard dropped from the page cache first. Time is without
imports. All must read the same bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import xxhash

from benchmarks.measure import drop_from_cache
from sparkle_curation.spec.layout import asset_path, shard_path

KIND, THEME = "source_video", "location"
MEMBER_BYTES = 600_000
"""About what a clip of the release has."""

Read = Callable[[list[str]], Iterable[bytes]]


def main() -> None:
    """Make the shard, time the contenders, print the table."""
    options = _options()
    if options.contender:
        _run(options.contender, options.work, options.count)
        return
    work = options.work or Path(tempfile.mkdtemp(prefix="sparkle-bench-"))
    try:
        _make_shard(work, int(options.gigabytes * 1e9 / MEMBER_BYTES))
        print("\n".join(_rows(_measure(work, options.rounds, options.count))))
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.random_members", description=__doc__)
    parser.add_argument(
        "--gigabytes", type=float, default=5, help="size of the shard; extracting takes as much again"
    )
    parser.add_argument("--count", type=int, default=500, help="members that are read")
    parser.add_argument("--rounds", type=int, default=3, help="times that each contender runs")
    parser.add_argument("--work", type=Path, help="a folder to keep the shard in, for the next time")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    return parser.parse_args()


# ------------------------------------------------------------------ the shard
def _make_shard(work: Path, members: int) -> None:
    """A shard of random bytes, and its table of assets."""
    shard = _shard(work)
    if shard.exists():
        return
    shard.parent.mkdir(parents=True, exist_ok=True)
    noise = os.urandom(MEMBER_BYTES + members)
    with tarfile.open(shard.with_suffix(".partial"), "w") as tar:
        for number in range(members):
            member = tarfile.TarInfo(asset_path(THEME, KIND, _id(number)))
            member.size = MEMBER_BYTES - number % 1000
            tar.addfile(member, io.BytesIO(noise[number : number + member.size]))
    os.sync()
    shard.with_suffix(".partial").rename(shard)
    _ingest(work)


def _shard(work: Path) -> Path:
    return work / "release" / shard_path(THEME, KIND, 0)


def _id(number: int) -> str:
    return f"Sparkle_{THEME}_{number:06}"


def _ingest(work: Path) -> None:
    from sparkle_curation.datasets.tables.table_dataset import TableDataset
    from sparkle_curation.ingest.assets.table import ingest_assets
    from sparkle_curation.ingest.release_files import ReleaseFiles

    TableDataset(filepath=str(work / "assets.parquet")).save(
        ingest_assets(ReleaseFiles(str(work / "release"))).rows
    )


# ------------------------------------------------------------------ contenders
def store(work: Path) -> Read:
    """Ours, with the assets ingested before, as a project has them; opening the index is timed."""
    from sparkle_curation.ingest.assets.store import AssetStore

    def read(ids: list[str]) -> Iterator[bytes]:
        assets = AssetStore(str(work / "release"), work / "assets.parquet")
        for sample_id in ids:
            yield assets.read(assets.find(sample_id, KIND))

    return read


def store_after_ingest(work: Path) -> Read:
    """Ours, with the assets ingested first: the headers of the whole shard are walked."""
    reads = store(work)

    def read(ids: list[str]) -> Iterable[bytes]:
        shutil.rmtree(work / "assets.parquet")
        _ingest(work)
        return reads(ids)

    return read


def tarfile_members(work: Path) -> Read:
    """`tarfile`, which walks the headers of the whole shard too."""

    def read(ids: list[str]) -> Iterator[bytes]:
        with tarfile.open(_shard(work)) as tar:
            for sample_id in ids:
                member = tar.extractfile(asset_path(THEME, KIND, sample_id))
                yield member.read() if member else b""

    return read


def extraction(work: Path) -> Read:
    """`tar -x` of the whole shard, then the files."""
    target = work / "extracted"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()

    def read(ids: list[str]) -> Iterator[bytes]:
        subprocess.run(["tar", "-xf", _shard(work), "-C", target], check=True)
        for sample_id in ids:
            yield (target / asset_path(THEME, KIND, sample_id)).read_bytes()
        shutil.rmtree(target, ignore_errors=True)

    return read


CONTENDERS: dict[str, Callable[[Path], Read]] = {
    function.__name__: function for function in (store, store_after_ingest, tarfile_members, extraction)
}


# ------------------------------------------------------------------ measuring
def _run(name: str, work: Path, count: int) -> None:
    read = CONTENDERS[name](work)
    members = _shard(work).stat().st_size // MEMBER_BYTES
    ids = [_id(number) for number in random.Random(1).sample(range(members - 1), count)]
    digest, start, last = xxhash.xxh3_64(), time.perf_counter(), 0.0
    for content in read(ids):
        digest.update(content)
        last = time.perf_counter()  # what a contender does after its last member is not counted
    print(json.dumps({"s": last - start, "digest": digest.hexdigest()}))


def _measure(work: Path, rounds: int, count: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    digests = set()
    for name in [name for _ in range(rounds) for name in CONTENDERS]:
        drop_from_cache(work)
        command = [
            sys.executable,
            "-m",
            "benchmarks.random_members",
            "--work",
            str(work),
            "--contender",
            name,
        ]
        output = subprocess.run(
            [*command, "--count", str(count)], check=True, capture_output=True, text=True
        ).stdout
        run = json.loads(output.splitlines()[-1])
        found[name].append(run["s"])
        digests.add(run["digest"])
        print(f"  {name}: {run['s']:.2f} s", flush=True)
    if len(digests) != 1:
        raise RuntimeError("the contenders do not read the same bytes")
    return found


def _rows(found: dict[str, list[float]]) -> Iterator[str]:
    yield "| | s | against store |"
    yield "|---|---|---|"
    for name, runs in found.items():
        ratios = [run / base for run, base in zip(runs, found["store"], strict=True)]
        shown = ", ".join(f"{ratio:.1f}" for ratio in ratios)
        yield f"| {name} | {statistics.median(runs):.2f} | {statistics.median(ratios):.1f} ({shown}) |"


if __name__ == "__main__":
    main()
