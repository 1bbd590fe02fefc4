"""Times the pipelines that read a release behind a server: ``python -m benchmarks.remote_reads``.

The server runs in a process of its own and answers each request after 25 ms. In the same run a plain asyncio client asks it
for as many ranges as there are assets, 64 at a time: what the server, and this machine, give at most. The way before (each
request after the one before it) is timed on some of the assets, and its time for all is extrapolated.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, cast

import aiohttp
import av
import fsspec
import numpy as np
import polars as pl
import pyarrow as pa

from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.engine.executors.processes import LocalExecutor
from sparkle_curation.engine.io.remote.settings import RemoteSettings
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.table import ingest_assets
from sparkle_curation.ingest.assets.tar_members import list_members
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import RemoteAccess
from sparkle_curation.media.byte_window import ByteWindow
from sparkle_curation.media.hashing.batch_hash import BatchHash, HashJob
from sparkle_curation.media.probe.batch_probe import JOURNAL_SCHEMA
from sparkle_curation.media.probe.inspection import ProbeConfig, inspect_assets
from sparkle_curation.media.probe.probes import Depth, probe
from sparkle_curation.spec.layout import asset_path, shard_path

KIND, THEME = "source_video", "location"
SHARD_CLIPS, CLIPS = 500, 8
RANGE_BYTES = 11 << 10


class Row(NamedTuple):
    """What one way came to."""

    what: str
    assets: int
    seconds: float
    requests: float


def main() -> None:
    """Make the release, start the server, time each way, print the table."""
    options = _options()
    work = options.work or Path(tempfile.mkdtemp(prefix="sparkle-bench-"))
    try:
        make_release(work / "release", options.assets)
        with serving(work / "release", options.delay_ms) as server:
            rows = [ceiling(server, options.assets, options.requests)]
            for layout in ("shards", "loose"):
                rows += _measure(Bench(server, work, layout, options))
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)
    sys.stdout.write(_table(rows, options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remote_reads", description=__doc__)
    parser.add_argument("--assets", type=int, default=20_000, help="clips in shards, and as many loose ones")
    parser.add_argument(
        "--old", type=int, default=250, help="clips that are read one request after the other"
    )
    parser.add_argument("--delay-ms", type=float, default=25.0)
    parser.add_argument("--requests", type=int, default=64, help="requests under way at once")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--work", type=Path, help="a folder to keep the made release in, for the next time")
    return parser.parse_args()


# ------------------------------------------------------------------ the release
def make_release(root: Path, assets: int) -> None:
    """``shards/``: a shard of clips under as many names as are needed; ``loose/``: the clips under a name an asset."""
    if root.is_dir():
        return
    clips = [_clip(number) for number in range(CLIPS)]
    names = [f"Sparkle_{THEME}_{number:06d}" for number in range(assets)]
    first = root / "shards" / shard_path(THEME, KIND, 0)
    first.parent.mkdir(parents=True)
    with tarfile.open(first, "w", format=tarfile.USTAR_FORMAT) as tar:
        for number, name in enumerate(names[:SHARD_CLIPS]):
            info = tarfile.TarInfo(asset_path(THEME, KIND, name))
            info.size = len(clips[number % CLIPS])
            tar.addfile(info, io.BytesIO(clips[number % CLIPS]))
    for part in range(1, assets // SHARD_CLIPS):
        os.link(first, root / "shards" / shard_path(THEME, KIND, part))
    originals = []
    for number, content in enumerate(clips):
        originals.append(root / f"{number}.mp4")
        originals[-1].write_bytes(content)
    (root / "loose" / asset_path(THEME, KIND, names[0])).parent.mkdir(parents=True)
    for number, name in enumerate(names):
        os.link(originals[number % CLIPS], root / "loose" / asset_path(THEME, KIND, name))


def _clip(seed: int) -> bytes:
    """A clip of some 100 KB of noise, its index at its end: too long for its ends to be read as one."""
    noise, file = np.random.default_rng(seed), io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=16, options={"qp": "30"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for _ in range(16):
            picture = noise.integers(0, 256, (96, 160, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


# ------------------------------------------------------------------ the server
@dataclass(frozen=True)
class Server:
    """The address of the server."""

    url: str

    def counts(self) -> dict[str, int]:
        """What it was asked since it was asked for this the last time."""
        with urllib.request.urlopen(f"{self.url}/.counts") as answer:  # noqa: S310 -- our own
            found: dict[str, int] = json.load(answer)
        return found


@contextmanager
def serving(root: Path, delay_ms: float) -> Iterator[Server]:
    """A server in a process of its own."""
    command = [sys.executable, "-m", "tests.made.range_server", str(root), "--delay-ms", str(delay_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(cast(IO[str], process.stdout).readline().strip())
        finally:
            process.kill()


def ceiling(server: Server, count: int, requests: int) -> Row:
    """A plain client, which does nothing with what it gets."""
    url = f"{server.url}/shards/{shard_path(THEME, KIND, 0)}"

    async def ask() -> None:
        waiting = iter(range(count))
        async with aiohttp.ClientSession() as session:

            async def worker() -> None:
                for number in waiting:
                    start = number % SHARD_CLIPS * RANGE_BYTES
                    headers = {"Range": f"bytes={start}-{start + RANGE_BYTES - 1}"}
                    async with session.get(url, headers=headers) as answer:
                        await answer.read()

            await asyncio.gather(*(worker() for _ in range(requests)))

    server.counts()
    seconds = _timed(lambda: asyncio.run(ask()))
    return Row("plain asyncio client (the ceiling)", count, seconds, server.counts()["all"])


# ------------------------------------------------------------------ the ways
@dataclass(frozen=True)
class Bench:
    """One layout of the release behind the server."""

    server: Server
    work: Path
    layout: str
    options: argparse.Namespace

    @property
    def url(self) -> str:
        """Of the release."""
        return f"{self.server.url}/{self.layout}/"

    @property
    def table(self) -> Path:
        """Of the assets."""
        return self.work / f"{self.layout}.parquet"

    def files(self) -> ReleaseFiles:
        """The release as it is read now."""
        return ReleaseFiles(self.url, access=self.access)

    @property
    def access(self) -> RemoteAccess:
        """How."""
        return RemoteAccess(RemoteSettings(requests=self.options.requests))

    def row(self, what: str, assets: int, work: Callable[[], object], scale: float = 1.0) -> Row:
        """The time and the requests of some work, for all assets where it was done for a part of them."""
        self.server.counts()
        seconds = _timed(work)
        asked = self.server.counts()["all"]
        return Row(f"{self.layout}: {what}", int(assets * scale), seconds * scale, asked * scale)


def _measure(bench: Bench) -> list[Row]:
    options = bench.options
    sys.stderr.write(f"{bench.layout}\n")
    shutil.rmtree(bench.table, ignore_errors=True)
    (bench.work / f"{bench.layout}.journal").unlink(missing_ok=True)
    rows = [bench.row("ingest", options.assets, lambda: ingest(bench))]
    assets = pl.read_parquet(bench.table / "**/*.parquet")
    rows.append(bench.row("inspect", options.assets, lambda: inspect(bench, assets)))
    alone = assets.unique("id", keep="first", maintain_order=True).head(SHARD_CLIPS)
    rows.append(bench.row("first frames, one process", alone.height, lambda: first_frames(bench, alone)))
    part = assets.head(options.old)
    scale = options.assets / options.old
    if bench.layout == "shards":
        rows.append(bench.row("ingest before*", options.old, lambda: old_ingest(bench, part), scale))
    rows.append(
        bench.row("inspect before, one process*", options.old, lambda: old_inspect(bench, part), scale)
    )
    return rows


def ingest(bench: Bench) -> None:
    """The table of the assets."""
    TableDataset(filepath=str(bench.table)).save(ingest_assets(bench.files()).rows)


def inspect(bench: Bench, assets: pl.DataFrame) -> None:
    """The table of the media."""
    processes = bench.options.processes
    probing = ProbeConfig(Depth.INDEX, LocalExecutor(processes), 256, processes)
    journal = Journal(bench.work / f"{bench.layout}.journal", JOURNAL_SCHEMA)
    inspected = inspect_assets(assets, [KIND], bench.files(), probing, journal)
    media = pa.concat_tables(inspected.pieces())
    if media.num_rows != assets.height or media["error"].null_count != assets.height:
        raise SystemExit(f"not all were read: {media['error_detail'].drop_null()[:1]}")


def first_frames(bench: Bench, assets: pl.DataFrame) -> None:
    """The hashes of first frames, each of its own asset."""
    store = AssetStore(bench.url, bench.table, bench.access)
    jobs = [HashJob(name, name, [KIND]) for name in assets["id"]]
    for start in range(0, len(jobs), 64):
        found = BatchHash(store)(jobs[start : start + 64])
        if found["error"].null_count != len(found):
            raise SystemExit(f"not all were read: {found['error_detail'].drop_null()[:1]}")


@dataclass(frozen=True)
class OldReader:
    """A request for each part, and the next when it is there."""

    fs: fsspec.AbstractFileSystem
    url: str

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes."""
        found: bytes = self.fs.cat_file(self.url, start=offset, end=offset + length)
        return found


def old_ingest(bench: Bench, assets: pl.DataFrame) -> None:
    """A walk over as many members of a shard."""
    path = assets["container"][0]
    reader = OldReader(fsspec.filesystem("http"), bench.url + path)
    list_members(reader, assets["offset"][-1] + assets["size"][-1])


def old_inspect(bench: Bench, assets: pl.DataFrame) -> None:
    """A probe after the other; of loose files the length was asked for too."""
    fs = fsspec.filesystem("http")
    for row in assets.iter_rows(named=True):
        url = bench.url + (row["container"] or row["path"])
        if not row["container"]:
            fs.size(url)
        probe(KIND, ByteWindow(OldReader(fs, url), row["offset"], row["size"]))


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _table(rows: list[Row], options: argparse.Namespace) -> str:
    load = os.getloadavg()[0]
    lines = [
        (
            f"{options.assets:,} assets, {options.delay_ms:g} ms a request, {options.requests} at once, "
            f"{options.processes} processes, load {load:.1f}"
        ),
        "| | assets | s | assets/s | requests an asset | requests/s |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row.what} | {row.assets:,} | {row.seconds:.1f} | {row.assets / row.seconds:,.0f} "
            f"| {row.requests / row.assets:.2f} | {row.requests / row.seconds:,.0f} |"
            for row in rows
        ),
        f"* timed on {options.old:,} and extrapolated",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
