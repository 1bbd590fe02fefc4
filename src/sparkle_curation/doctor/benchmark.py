"""The benchmark: whether one is at hand, of which themes, and whether a variant was compared with it."""

from __future__ import annotations

from collections.abc import Iterator

from fsspec.core import split_protocol
from kedro.io import DatasetError

from sparkle_curation.doctor.finding import Finding, State, of_error
from sparkle_curation.doctor.release import HERE
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.errors import SparkleError
from sparkle_curation.spec.benchmark import BENCHMARK, OTHER_BENCHMARKS, annotations_path, benchmark_below
from sparkle_curation.spec.description.benchmarks import ListedBenchmark

_SUBJECT = "benchmark"


def check_benchmark(setup: Setup) -> Iterator[Finding]:
    """What of a benchmark is at hand; nothing where there is none."""
    root = setup.roots.get("bench_root")
    if not root or not (BENCHMARK or OTHER_BENCHMARKS):
        return
    if split_protocol(str(root))[0] not in HERE:
        yield Finding(_SUBJECT, State.OK, f"{root} is a URL: not looked at, since no network is asked here")
        return
    try:
        files = setup.catalog["benchmark"].load()
    except DatasetError as error:
        cause = error.__cause__
        if not isinstance(cause, SparkleError):
            raise
        yield of_error(_SUBJECT, cause, State.WARNING)
        return
    described = benchmark_below(files.find)
    wanted: list[str] = []
    if isinstance(described, ListedBenchmark):
        there = [described.name]
    elif described:
        wanted = [annotations_path(described, theme) for theme in described.themes]
        there = [theme for theme, path in zip(described.themes, wanted, strict=True) if files.find(path)]
    else:
        there = []
    if not there:
        allowed = " or ".join([*wanted[:1], *(each.annotations for each in OTHER_BENCHMARKS)])
        yield Finding(
            _SUBJECT,
            State.WARNING,
            f"{root} holds no CSV of it",
            f"give a folder with {allowed}: bench_root in conf/base/globals.yml",
        )
        return
    path = setup.path_of("bench_samples")
    is_read = path is not None and path.exists()
    read = "" if is_read else "; not ingested, so no variant is compared with it"
    yield Finding(
        _SUBJECT,
        State.OK,
        f"{root}: {', '.join(there)}{read}",
        "" if is_read else "kedro run --pipelines bench_ingest",
    )
