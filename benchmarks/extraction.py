"""Times bringing a strict variant's media out of shards, beside unpacking the shards: ``python -m benchmarks.extraction``.

Each contender runs as a process of its own, in turn, into an empty folder, with the shards, which are of random bytes,
dropped from the page cache first. Ours ends when all it wrote is on the disk; tar leaves that to the system, so it is timed
with and without. Time is without imports.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measure import drop_from_cache, run_once
from sparkle_curation.spec.layout import KIND, asset_path, shard_path

THEME = "location"
CLIP_BYTES = 600_000
"""About what a clip of the release has."""
CLIPS_A_SHARD = 400
SHARES = (0.25, 0.05)
"""Of the pairs that a strict variant keeps."""


def main() -> None:
    """Make the shards, time the contenders, print the table."""
    options = _options()
    if options.contender:
        _run(options.contender, options.work, options.out)
        return
    work = options.work or Path(tempfile.mkdtemp(prefix="sparkle-bench-"))
    try:
        _make_release(work, int(options.gigabytes * 1e9 / CLIP_BYTES / 2))
        print("\n".join(_rows(work, options.rounds)))
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description=__doc__)
    parser.add_argument(
        "--gigabytes", type=float, default=1.0, help="size of the shards; unpacking takes as much again"
    )
    parser.add_argument("--rounds", type=int, default=3, help="times that each contender runs")
    parser.add_argument("--work", type=Path, help="a folder to keep the shards in, for the next time")
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    return parser.parse_args()


# ------------------------------------------------------------------ the release
def _make_release(work: Path, pairs: int) -> None:
    """Shards of both videos of each pair, of random bytes, their table, and one of what each variant wants."""
    release = work / "release"
    if (work / "assets.parquet").exists():
        return
    noise = os.urandom(CLIP_BYTES + pairs)
    for kind in (KIND.source_video, KIND.edited_video):
        for first in range(0, pairs, CLIPS_A_SHARD):
            shard = release / shard_path(THEME, kind, first // CLIPS_A_SHARD)
            shard.parent.mkdir(parents=True, exist_ok=True)
            with tarfile.open(shard, "w") as tar:
                for number in range(first, min(first + CLIPS_A_SHARD, pairs)):
                    _add(tar, asset_path(THEME, kind, f"Sparkle_{THEME}_{number:06}"), noise[number:], number)
    os.sync()
    _ingest(work)


def _add(tar: tarfile.TarFile, path: str, noise: bytes, number: int) -> None:
    import io

    member = tarfile.TarInfo(path)
    member.size = CLIP_BYTES - number % 1000
    tar.addfile(member, io.BytesIO(noise[: member.size]))


def _ingest(work: Path) -> None:
    import polars as pl

    from sparkle_curation.datasets.tables.table_dataset import TableDataset
    from sparkle_curation.ingest.assets.table import ingest_assets
    from sparkle_curation.ingest.release_files import ReleaseFiles

    table = work / "assets.parquet"
    TableDataset(filepath=str(table)).save(ingest_assets(ReleaseFiles(str(work / "release"))).rows)
    assets = pl.read_parquet(table)
    for share in (1.0, *SHARES):
        ids = assets.select(pl.col("id").unique()).sort("id").sample(fraction=share, seed=1)
        assets.join(ids, on="id", how="semi").write_parquet(work / f"wanted_{share:g}.parquet")


# ------------------------------------------------------------------ contenders
def _run(contender: str, work: Path, out: Path) -> None:
    """Fill the folder; ended when all is on the disk."""
    start = time.perf_counter()
    if contender.startswith("tar"):
        for shard in sorted((work / "release").rglob("*.tar")):
            subprocess.run(["tar", "-xf", str(shard), "-C", str(out)], check=True)
        if "flushed" in contender:
            subprocess.run(["sync", "-f", str(out)], check=True)
    else:
        start = _extract(work, out, contender)
    print(f"work_s {time.perf_counter() - start}")


def _extract(work: Path, out: Path, share: str) -> float:
    """Fill the folder by ours; when it began, its imports done."""
    import polars as pl

    from sparkle_curation.extraction.extracting import extract
    from sparkle_curation.extraction.settings import ExtractSettings
    from sparkle_curation.ingest.release_files import ReleaseFiles

    start = time.perf_counter()
    extract(
        pl.read_parquet(work / f"wanted_{share}.parquet"),
        lambda: ReleaseFiles(str(work / "release")),
        out,
        ExtractSettings(),
    )
    return start


# ------------------------------------------------------------------ the table
def _rows(work: Path, rounds: int) -> Iterator[str]:
    names = {
        "tar": "`tar -x` of whole shards",
        "tar, flushed": "the same, then `sync -f`",
        **{f"{share:g}": _named(share) for share in (1.0, *SHARES)},
    }
    seconds: dict[str, list[float]] = {name: [] for name in names}
    sizes, reads = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    # Each second round the other way round: what one leaves to the disk falls to the next.
    for name in [name for number in range(rounds) for name in (list(names), list(names)[::-1])[number % 2]]:
        out = work / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        os.sync()
        drop_from_cache(work / "release")
        command = [sys.executable, "-m", "benchmarks.extraction", "--work", str(work), "--out", str(out)]
        seconds[name].append(run_once([*command, "--contender", name]).work_s)
        sizes[name] = sum(path.stat().st_blocks * 512 for path in out.rglob("*") if path.is_file())
        reads[name] = _read_bytes(work, name)
        print(f"  {name}: {seconds[name][-1]:.2f} s", flush=True)
    shutil.rmtree(work / "out")
    yield "| what | s | time against `tar -x` | bytes of the shards that it needs | disk |"
    yield "|---|---|---|---|---|"
    for name, told in names.items():
        yield (
            f"| {told} | {_median(seconds[name]):.1f} | {_ratios(seconds[name], seconds['tar'])} "
            f"| {reads[name] / reads['tar']:.2f} | {sizes[name] / sizes['tar']:.2f} |"
        )


def _read_bytes(work: Path, name: str) -> int:
    """What is read of the shards: all, or the wanted members with their headers."""
    import polars as pl

    if name.startswith("tar"):
        return sum(path.stat().st_size for path in (work / "release").rglob("*.tar"))
    wanted = pl.read_parquet(work / f"wanted_{name}.parquet")
    return int(wanted["size"].sum()) + 512 * wanted.height


def _named(share: float) -> str:
    return f"`extract` of {share:.0%} of the pairs"


def _median(figures: Sequence[float]) -> float:
    return sorted(figures)[len(figures) // 2]


def _ratios(figures: Sequence[float], base: Sequence[float]) -> str:
    ratios = [own / other for own, other in zip(figures, base, strict=True)]
    return f"{_median(ratios):.2f} ({', '.join(f'{ratio:.2f}' for ratio in ratios)})"


if __name__ == "__main__":
    main()
