"""Whether a benchmark is at hand is told, and one that is not is no problem of a run that needs none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.made.bench import ROOT, MadeBench

from sparkle_curation.doctor.benchmark import check_benchmark
from sparkle_curation.doctor.finding import State
from sparkle_curation.doctor.setup import Setup

SetupOf = Callable[..., Setup]


def test_a_benchmark_is_told_with_its_themes_and_whether_it_was_ingested(
    setup_of: SetupOf, tmp_path: Path
) -> None:
    """A theme that is not there is not named."""
    bench = MadeBench(tmp_path / "bench")
    (bench.root / "time_bench.csv").unlink()
    (found,) = check_benchmark(setup_of(bench_root=bench.root))
    assert (found.state, found.todo) == (State.OK, "kedro run --pipelines bench_ingest")
    assert found.found.startswith(f"{bench.root}: location, season, style; not ingested")
    table = tmp_path / "data" / "02_intermediate" / "benchmark" / "bench_samples.parquet"
    table.parent.mkdir(parents=True)
    table.touch()
    (found,) = check_benchmark(setup_of(bench_root=bench.root))
    assert (found.found, found.todo) == (f"{bench.root}: location, season, style", "")


def test_a_benchmark_of_one_csv_is_told_by_its_name(setup_of: SetupOf, tmp_path: Path) -> None:
    """The other one of the description."""
    (tmp_path / "openve").mkdir()
    (tmp_path / "openve" / "benchmark_videos.csv").touch()
    (found,) = check_benchmark(setup_of(bench_root=tmp_path / "openve"))
    assert found.found.startswith(f"{tmp_path / 'openve'}: OpenVE-Bench; not ingested")


@pytest.mark.parametrize(
    ("root", "said"),
    [
        (ROOT.parent / "nothing", "The root of the benchmark is not a folder"),
        (ROOT.parent, "holds no CSV of it"),
    ],
)
def test_a_root_without_one_is_a_warning(setup_of: SetupOf, root: Path, said: str) -> None:
    """A curation goes on without."""
    (found,) = check_benchmark(setup_of(bench_root=root))
    assert found.state == State.WARNING
    assert said in found.found


def test_a_url_is_not_looked_at(setup_of: SetupOf) -> None:
    """No network is asked."""
    (found,) = check_benchmark(setup_of(bench_root="s3://bucket/Sparkle-Bench"))
    assert (found.state, "not looked at" in found.found) == (State.OK, True)
