"""What ``make bench`` runs: each benchmark with its contenders, what is made for it beforehand, and its aims."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import drop_from_cache, run_once

_GROWN_FROM = 140_000
"""Samples of the release whose tables stand, some times over, for those of a larger one."""

MOST_SHORT = 4_000_000
"""Samples of a release whose ids have six digits; those of a larger one have seven."""


@dataclass(frozen=True)
class Place:
    """A folder for what is made for one size, shared by its benchmarks.

    Attributes:
        work: the folder.
        samples: of the release.
    """

    work: Path
    samples: int

    @property
    def small(self) -> Place:
        """The place of the release that this one's tables are grown from."""
        name = str(_GROWN_FROM) if self.samples <= MOST_SHORT else f"{_GROWN_FROM}-of-longer-ids"
        return Place(self.work.parent / name, _GROWN_FROM)

    @property
    def release(self) -> Path:
        """The text of a release, made when it is first asked for."""
        return self._made("clean", "0")

    @property
    def damaged(self) -> Path:
        """The same with 1% of its lines spoilt."""
        return self._made("damaged", "0.01")

    @property
    def tables(self) -> Path:
        """A data root with the ingested tables; of more than 140,000 samples grown from those of 140,000."""
        root = self.work / "tables"
        if root.exists():
            return root
        if self.samples > _GROWN_FROM:
            times = str(self.samples // _GROWN_FROM)
            run_once(_module("grown_tables", self.small.tables, root, "--times", times))
        else:
            partial = self.work / "tables.partial"
            shutil.rmtree(partial, ignore_errors=True)
            run_once(kedro("ingest", self.release, partial))
            partial.rename(root)
        return root

    @property
    def tables_alone(self) -> Path:
        """The tables under the names that contenders know, each a folder of files."""
        return self.tables / "02_intermediate"

    def _made(self, name: str, bad_line_share: str) -> Path:
        root = self.work / name
        if not root.exists():
            print(f"making {root} ({self.samples:,} samples)", flush=True)
            partial = root.with_name(f"{name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            run_once(_module("made_release", partial, str(self.samples), bad_line_share))
            partial.rename(root)
        return root


Commands = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Benchmark:
    """Contenders that do the same work.

    Attributes:
        title: what they do.
        base: the contender that is what one would write otherwise, or what ours is held against.
        contenders: their commands by name, given the place; what they need is made first. None run where nothing can.
        most: samples beyond which it is not run, since it would take the machine or the day.
        before: what is done before each contender of each round, untimed.
        aims: what the first contender, or the named one, shall come to against the base: ``(contender, figure, ratio)``.
        note: what the size stands for, and what is not comparable.
    """

    title: str
    base: str
    contenders: Callable[[Place], Commands]
    most: int = 1_400_000
    before: Callable[[Place, str], None] = lambda _place, _contender: None
    aims: tuple[tuple[str, str, float], ...] = ()
    note: str = ""


def kedro(pipeline: str, release: Path, data_root: Path, **params: object) -> list[str]:
    """The command of a pipeline."""
    given = {**params, "release_root": release, "data_root": data_root}
    shown = ",".join(f"{name}={value}" for name, value in given.items())
    return [sys.executable, "-m", "kedro", "run", "--pipelines", pipeline, "--params", shown]


def _module(name: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]


def _contender(name: str, source: Path, out: Path) -> list[str]:
    return _module("contenders", name, source, out)


# ------------------------------------------------------------------ tables
def _ingest(place: Place) -> Commands:
    sources = {
        "ours": ("ingest_ours", place.release),
        "ours, 1% bad lines": ("ingest_ours", place.damaged),
        "duckdb": ("ingest_duckdb", place.release),
        "polars": ("ingest_polars", place.release),
        "datasets": ("ingest_datasets", place.release),
        "json loop": ("ingest_loop", place.release),
    }
    return {
        name: _contender(function, source, place.work / "out" / function)
        for name, (function, source) in sources.items()
    }


def _without_outputs(place: Place, _contender: str) -> None:
    shutil.rmtree(place.work / "out", ignore_errors=True)


def _filter(place: Place) -> Commands:
    return {
        name: _contender(function, place.tables_alone, place.work / "out" / function)
        for name, function in {
            "ours": "filter_ours",
            "ours, with a selection": "filter_selected",
            "pandas": "filter_pandas",
        }.items()
    }


def _validate(place: Place) -> Commands:
    release = place.work / "clean" if place.samples > _GROWN_FROM else place.release
    root = place.work / "validated"
    return {
        "ours": kedro("validate", release, root),
        "ours, unchanged": kedro("validate", release, root),
        "great_expectations, 15 rules": _contender("validate_gx", place.tables_alone, place.work / "out"),
    }


def _before_validate(place: Place, contender: str) -> None:
    if contender != "ours":
        return
    root = place.work / "validated"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(place.tables, root, copy_function=_link, ignore=shutil.ignore_patterns("0[3-9]_*"))


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _curate(place: Place) -> Commands:
    root = place.work / "curated"
    if not root.exists():
        shutil.copytree(place.tables, root, copy_function=_link)
        run_once(kedro("curate", place.release, root, threshold=8.5))
    return {
        "ours, another threshold": kedro("curate", place.release, root, threshold=9),
        "ours, the first again": kedro("curate", place.release, root, threshold=8.5),
        "pandas, which neither looks for changes nor validates": _contender(
            "filter_pandas", place.tables_alone, place.work / "out" / "filter_pandas"
        ),
    }


def _sweep(place: Place) -> Commands:
    source, out = place.work / "out" / "filter_ours", place.work / "out"
    if not (source / "verdicts.parquet").exists():
        run_once(_contender("filter_ours", place.tables_alone, source))
    return {
        "ours, 303 thresholds and 29,791 triples": _contender("sweep_ours", source, out),
        "pandas, 303 thresholds alone": _contender("sweep_pandas", source, out),
    }


# ------------------------------------------------------------------ media
def _shards(place: Place) -> Commands:
    members, work = place.samples // 10, place.work / "shards"
    return {name: _module("shard_index", work, members, name) for name in ("ours", "tarfile")}


def _members(place: Place) -> Commands:
    work = place.work / "members"
    gigabytes = max(place.samples / 140_000, 0.002)
    count = max(min(place.samples // 300, 500), 1)
    _made_by(
        work, "random_members", "--work", work, "--gigabytes", gigabytes, "--count", count, "--rounds", 1
    )
    names = {"ours": "store", "tarfile": "tarfile_members", "tar -x": "extraction"}
    return {
        told: _module("random_members", "--work", work, "--count", count, "--contender", name)
        for told, name in names.items()
    }


def _probe(place: Place) -> Commands:
    work = place.work / "probe"
    _made_by(work, "probing", "--work", work, "--count", max(place.samples // 70, 10), "--rounds", 1)
    names = {"ours": "boxes", "PyAV, headers": "pyav", "PyAV, packets counted": "pyav_counting"}
    return {told: _module("probing", "--work", work, "--contender", name) for told, name in names.items()}


def _extract(place: Place) -> Commands:
    work = place.work / "extract"
    gigabytes = max(place.samples / 140_000, 0.05)  # of fewer pairs 5% are none
    _made_by(work, "extraction", "--work", work, "--gigabytes", gigabytes, "--rounds", 1)
    names = {"ours, 5% of the pairs": "0.05", "ours, all pairs": "1", "tar -x, flushed": "tar, flushed"}
    return {
        told: _module("extraction", "--work", work, "--out", work / "out", "--contender", name)
        for told, name in names.items()
    }


def _made_by(work: Path, module: str, *arguments: object) -> None:
    """Run a benchmark once as it is run by itself, which makes what its contenders need and leaves it there."""
    if not (work / "complete").exists():
        print(f"making {work}", flush=True)
        run_once(_module(module, *arguments))
        (work / "complete").touch()


def _from_disk(place: Place, _contender: str) -> None:
    for folder in ("members", "probe", "extract", "shards"):
        drop_from_cache(place.work / folder)
    out = place.work / "extract" / "out"
    if out.parent.is_dir():
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()


# ------------------------------------------------------------------ engine, pages, servers
def _journal(place: Place) -> Commands:
    rows, work = max(place.samples // 4, 1_000), place.work / "journal"
    steps = (
        "ours, compact",
        "ours, what is missing",
        "ours, all rows",
        "sqlite, what is missing",
        "sqlite, all rows",
    )
    return {step: _module("journal_rivals", work, rows, step) for step in steps}


def _executors(place: Place) -> Commands:
    items = max(place.samples // 140, 10)
    names = ["ours", "one process", "ProcessPoolExecutor", *(["ray"] if _has_ray() else [])]
    return {name: _module("executors", items, name) for name in names}


def _has_ray() -> bool:
    return bool(find_spec("ray")) and bool(find_spec("sparkle_curation.engine.executors.ray_actors"))


def _rescore(place: Place) -> Commands:
    work, samples = place.work / "rescore", max(place.samples // 10, 100)
    _made_by(work, "rescoring", "--work", work, "--samples", samples, "--rounds", 1)
    return {name: _module("rescoring", "--work", work, "--contender", name) for name in ("ours", "loop")}


def _explorer(place: Place) -> Commands:
    return {"ours": _module("explorer", "--rows", place.samples)} if shutil.which("chromium") else {}


def _remote(_place: Place) -> Commands:
    return {"ours": _module("remote_reads")} if find_spec("benchmarks.remote_reads") else {}


BENCHMARKS: dict[str, Benchmark] = {
    "ingest": Benchmark(
        "Ingest: all text of a release to Parquet, each line checked",
        "duckdb",
        _ingest,
        before=_without_outputs,
        aims=(("ours", "wall_s", 1.0), ("ours", "peak_mb", 0.3)),
        note="Only ours checks anything. 1% bad lines: aim at most 1.2 times the clean release.",
    ),
    "filter": Benchmark(
        "Filter: verdicts, preflight, CSVs and metrics from ingested tables",
        "pandas",
        _filter,
        most=14_000_000,
        aims=(("ours", "work_s", 0.25),),
        note="Beyond 140,000 samples the tables are those of 140,000, some times over. work_s is without imports.",
    ),
    "validate": Benchmark(
        "Validate: 170 rules, with a site",
        "great_expectations, 15 rules",
        _validate,
        before=_before_validate,
        note="Ours is the whole command, Kedro with it, and looks into nested columns; the other looks at flat ones.",
    ),
    "curate": Benchmark(
        "The whole command again, validation with it",
        "pandas, which neither looks for changes nor validates",
        _curate,
        most=_GROWN_FROM,
        note="Aim: under 3 s in all on a quiet machine at 140,000.",
    ),
    "sweep": Benchmark(
        "Sweep: what each threshold would keep", "pandas, 303 thresholds alone", _sweep, most=14_000_000
    ),
    "shards": Benchmark(
        "Index of a shard", "tarfile", _shards, before=_from_disk, note="A tenth as many members, of 4 KB."
    ),
    "members": Benchmark(
        "Random members of a cold shard",
        "tarfile",
        _members,
        most=_GROWN_FROM,
        before=_from_disk,
        note="1 GB of members for 140,000 samples.",
    ),
    "probe": Benchmark(
        "Probing clips",
        "PyAV, headers",
        _probe,
        before=_from_disk,
        note="2,000 clips for 140,000 samples; ours also keeps a journal.",
    ),
    "journal": Benchmark(
        "Journal: what is done, what is missing",
        "sqlite, what is missing",
        _journal,
        most=14_000_000,
        note="A quarter as many rows, 16 a record. Work counts what is imported on the way, some 2 s of it.",
    ),
    "executors": Benchmark(
        "Executors: items of 5 ms of a core",
        "ProcessPoolExecutor",
        _executors,
        note="1,000 items for 140,000 samples, ten a batch.",
    ),
    "extract": Benchmark(
        "Media of a variant out of shards",
        "tar -x, flushed",
        _extract,
        most=_GROWN_FROM,
        before=_from_disk,
        note="1 GB of shards for 140,000 samples; ours hashes each file.",
    ),
    "rescore": Benchmark("Scores out of a judge's answers", "loop", _rescore, note="A tenth as many videos."),
    "explorer": Benchmark(
        "Explorer in a browser",
        "ours",
        _explorer,
        note="Time and memory are those of the driver; the page's are told.",
    ),
    "remote": Benchmark("Remote reads with latency", "ours", _remote, note="Told by the benchmark itself."),
}
